import {
  type AccountState,
  eachMetric,
  type HeldPart,
  type PartlyKnownAmounts,
  type Settlement,
  subtractAmounts,
} from "@millrace/core/ledger";
import { errorFields, type Log } from "@millrace/core/log";
import type { TakenPart } from "./advances/advance-pool.ts";
import type { HoldRequest, IsolateAdvances } from "./advances/isolate-advances.ts";
import { BEHIND, callLedger, type LedgerCallDeps } from "./call-ledger.ts";

export interface ReservationDeps extends LedgerCallDeps {
  readonly advances: IsolateAdvances;
  readonly log: Log;
}

export interface ReservationFacts {
  /** Of the exchange: its trace's. */
  readonly exchangeId: string;
  /** What one call upstream takes at most, and where it is held. */
  readonly request: HoldRequest;
  /** What the exchange holds at first; none while the ledger is away and nothing blocks. */
  readonly parts: readonly TakenPart[];
}

/** A settlement with the name of its ledger's object. */
export interface Due {
  readonly ledgerName: string;
  readonly settlement: Settlement;
  /** Far from every limit it may come later, with the trace; near one, what is free again is needed now. */
  readonly isUrgent: boolean;
}

/** What is needed of it: of the least, where the amount is known, and not more than was held. */
function used(held: PartlyKnownAmounts, rest: PartlyKnownAmounts): PartlyKnownAmounts {
  return eachMetric((metric) => {
    const [amount, needed] = [held[metric], rest[metric]];
    return amount === null || needed === null ? amount : Math.min(amount, Math.max(0, needed));
  });
}

/** What an exchange holds in the ledger, until it is settled or given back. Nothing here throws: the answer is never at stake. */
export class Reservation {
  readonly #facts: ReservationFacts;
  readonly #deps: ReservationDeps;
  #parts: readonly TakenPart[];
  /** Calls upstream that may be billed and that the reservation covers. */
  #covered = 1;
  /** The ledger was away, and nothing blocks. */
  readonly #isOpen: boolean;

  constructor(facts: ReservationFacts, deps: ReservationDeps) {
    this.#facts = facts;
    this.#deps = deps;
    this.#parts = facts.parts;
    this.#isOpen = facts.parts.length === 0;
  }

  /** Whether there is room for one more call beside `billable` that may be billed. What does not answer has no room. */
  async cover(billable: number): Promise<boolean> {
    if (this.#isOpen || billable < this.#covered) return true;
    const { request, exchangeId } = this.#facts;
    try {
      const amounts = { ...request.amounts, requests: 0 };
      const outcome = await this.#deps.advances.hold({ ...request, amounts });
      if (!outcome.ok) return false;
      this.#covered++;
      this.#parts = [...this.#parts, ...outcome.parts];
      return true;
    } catch (error) {
      this.#deps.log("warn", "ledger-extend-failed", { trace_id: exchangeId, ...errorFields(error) });
      return !request.pool.facts.entries.some((entry) => entry.blocking);
    }
  }

  /** Ends it with what was really taken. What an advance keeps of it is free for the next exchange at once. */
  end(actual: PartlyKnownAmounts): Due {
    const { request, exchangeId } = this.#facts;
    const { ledgerName, project, entries } = request.pool.facts;
    let rest = actual;
    const held = this.#parts.map(({ reservation, amounts, advance }): HeldPart => {
      if (advance?.isOpen !== true) return { reservation, amounts };
      const needed = used(amounts, rest);
      rest = eachMetric((metric) => (rest[metric] === null ? null : rest[metric] - (needed[metric] ?? 0)));
      advance.putBack(subtractAmounts(amounts, needed));
      return { reservation, amounts: needed };
    });
    // What the ledger was away for waits for it, with the trace.
    const isUrgent =
      (!this.#isOpen && request.pool.isTight) || this.#parts.some(({ advance }) => advance === undefined);
    return { ledgerName, isUrgent, settlement: { id: exchangeId, project, entries, actual, held } };
  }

  /** Tells the ledger by itself. If that stays away, its sweep counts the most that could have been, and the trace says what was. */
  async settle({ ledgerName, settlement }: Due): Promise<void> {
    try {
      await callLedger(ledgerName, (ledger) => ledger.settle(settlement), { deps: this.#deps, patience: BEHIND });
    } catch (error) {
      this.#deps.log("error", "ledger-settle-failed", { trace_id: settlement.id, ...errorFields(error) });
    }
  }

  /** Gives everything back: nothing was sent to a model. */
  async release(): Promise<void> {
    const { request, exchangeId } = this.#facts;
    await this.#deps.advances.free(request.pool, exchangeId, this.#parts);
  }
}

/** The stage's decision. */
export type ReserveDecision =
  | { readonly state: "none" }
  | { readonly state: "held" | "open"; readonly reservation: Reservation; readonly accounts: readonly AccountState[] };
