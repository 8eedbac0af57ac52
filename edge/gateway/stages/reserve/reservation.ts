import type { AccountState, LedgerEntry, PartlyKnownAmounts } from "@millrace/core/ledger";
import { errorFields, type Log } from "@millrace/core/log";
import { callLedger, type LedgerCallDeps, type Patience } from "./call-ledger.ts";

/** A caller waits for it. */
export const WHILE_WAITED_FOR: Patience = { pausesMs: [10, 50, 200], limitMs: 2_000 };
/** Behind the caller's back: tries and pauses together stay within the half minute that a Worker outlives them. */
export const BEHIND: Patience = { pausesMs: [50, 200, 1_000, 8_000], limitMs: 3_000 };

export interface ReservationDeps extends LedgerCallDeps {
  readonly log: Log;
}

export interface ReservationFacts {
  readonly id: string;
  /** The object that keeps it. */
  readonly ledgerName: string;
  readonly project: { readonly id: string; readonly slug: string };
  readonly entries: readonly LedgerEntry[];
  /** Of one call upstream. */
  readonly atMost: PartlyKnownAmounts;
}

/** What an exchange holds in the ledger, until it is settled or given back. Nothing here throws: the answer is never at stake. */
export class Reservation {
  readonly #facts: ReservationFacts;
  readonly #deps: ReservationDeps;
  /** Calls upstream that may be billed and that the reservation covers. */
  #covered = 1;
  /** False while nothing is held: the ledger was away and nothing blocks. */
  readonly #held: boolean;

  constructor(facts: ReservationFacts, held: boolean, deps: ReservationDeps) {
    this.#facts = facts;
    this.#held = held;
    this.#deps = deps;
  }

  /** Whether there is room for one more call beside `billable` that may be billed. What does not answer has no room. */
  async cover(billable: number): Promise<boolean> {
    if (!this.#held || billable < this.#covered) return true;
    const { id, project, entries, atMost } = this.#facts;
    const request = { id, attempt: this.#covered + 1, project, entries, atMost: { ...atMost, requests: 0 } };
    try {
      const outcome = await this.#call((ledger) => ledger.extend(request), WHILE_WAITED_FOR);
      if (outcome.ok) this.#covered++;
      return outcome.ok;
    } catch (error) {
      this.#deps.log("warn", "ledger-extend-failed", { trace_id: id, ...errorFields(error) });
      return !entries.some((entry) => entry.blocking);
    }
  }

  /** Books what was really taken. If the ledger stays away, its sweep counts the most that could have been, and the trace says what was. */
  async settle(actual: PartlyKnownAmounts): Promise<void> {
    const { id, project, entries } = this.#facts;
    try {
      await this.#call((ledger) => ledger.settle({ id, project, entries, actual }), BEHIND);
    } catch (error) {
      this.#deps.log("error", "ledger-settle-failed", { trace_id: id, ...errorFields(error) });
    }
  }

  /** Gives everything back: nothing was sent to a model. */
  async release(): Promise<void> {
    try {
      await this.#call((ledger) => ledger.release(this.#facts.id), BEHIND);
    } catch (error) {
      this.#deps.log("warn", "ledger-release-failed", { trace_id: this.#facts.id, ...errorFields(error) });
    }
  }

  #call<T>(call: Parameters<typeof callLedger<T>>[1], patience: Patience): Promise<T> {
    return callLedger(this.#facts.ledgerName, call, { deps: this.#deps, patience });
  }
}

/** Stage 5's decision. */
export type ReserveDecision =
  | { readonly state: "none" }
  | { readonly state: "held" | "open"; readonly reservation: Reservation; readonly accounts: readonly AccountState[] };
