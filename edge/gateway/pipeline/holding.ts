import type { JsonValue, Usage } from "@millrace/core/contract";
import { isMillraceError } from "@millrace/core/contract";
import { limitHeaders, type PartlyKnownAmounts } from "@millrace/core/ledger";
import type { AttemptLog } from "../exchange/attempt-log.ts";
import { exchangeCost, withDoubts, withEstimate } from "../exchange/exchange-cost.ts";
import type { Timeline } from "../exchange/timeline.ts";
import {
  type Due,
  mayBeBilled,
  reserve,
  type ReserveDecision,
  type ReserveDeps,
  type ReserveInput,
  settlementOf,
} from "../stages/reserve/index.ts";

type Outcome = { readonly decision: ReserveDecision } | { readonly error: unknown };

/** What an exchange came to, all its calls together. */
export interface EndedAccount {
  /** Counted or estimated; of the answer that the caller heard. */
  readonly usage: Usage | undefined;
  readonly costUsdMicros: number | undefined;
}

export interface HoldingDeps {
  readonly reserve: ReserveDeps;
  readonly timeline: Timeline;
  readonly attempts: AttemptLog;
}

function reasonOf(outcome: Outcome): Record<string, JsonValue> {
  if ("error" in outcome)
    return { decision: "refused", reason: isMillraceError(outcome.error) ? outcome.error.code : "internal" };
  const { decision } = outcome;
  if (decision.state === "none") return { decision: "none", reason: "no budget applies" };
  if (decision.state === "open") return { decision: "open", reason: "the ledger is away and no budget blocks" };
  const budgets = [...new Set(decision.accounts.map((account) => account.budget))];
  return { decision: "held", reason: "every account has room", budgets };
}

/**
 * The reservation of one exchange, beside its look into the cache: begun before the cache is asked, waited for only when the cache does not have the answer, given back
 * when it does, settled when the exchange is over.
 */
export class Holding {
  readonly #input: ReserveInput;
  readonly #deps: HoldingDeps;
  /** Never rejects. */
  readonly #begun: Promise<Outcome>;
  #outcome: Outcome | undefined;
  #limits: Record<string, string> = {};
  #over = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor(input: Omit<ReserveInput, "tell">, deps: HoldingDeps) {
    this.#deps = deps;
    this.#input = {
      ...input,
      tell: (accounts) => {
        this.#limits = limitHeaders(accounts, deps.reserve.nowMs());
      },
    };
    this.#begun = this.#begin();
    // The platform may drop a request whose caller has left; not before what it holds is settled.
    input.keepAlive(this.#ended.promise);
  }

  /** `x-ratelimit-*`, once the ledger has answered. */
  get headers(): Readonly<Record<string, string>> {
    return this.#limits;
  }

  async #begin(): Promise<Outcome> {
    const startedAtMs = this.#deps.reserve.nowMs();
    let outcome: Outcome;
    try {
      outcome = { decision: await reserve(this.#input, this.#deps.reserve) };
    } catch (error) {
      outcome = { error };
    }
    this.#deps.timeline.add("reserve", startedAtMs, reasonOf(outcome));
    this.#outcome = outcome;
    return outcome;
  }

  /** Resolves once the exchange may go to a model. @throws MillraceError why it may not. */
  async confirm(): Promise<void> {
    const outcome = await this.#begun;
    if ("error" in outcome) throw outcome.error;
  }

  /** Whether one more call may be made beside those that may be billed already. */
  async mayCall(): Promise<boolean> {
    const outcome = await this.#begun;
    if ("error" in outcome || outcome.decision.state === "none") return !("error" in outcome);
    const { attempts } = this.#deps;
    const unbilled = attempts.attempts.filter((attempt) => !mayBeBilled(attempt)).length;
    return outcome.decision.reservation.cover(attempts.started - unbilled);
  }

  /**
   * Ends the reservation, once: with what was taken, or with nothing when no model was asked.
   * @returns what may come to the ledger with the trace; undefined where nothing has to, or it is told already.
   */
  end(account: EndedAccount): Due | undefined {
    if (this.#over) return undefined;
    this.#over = true;
    const outcome = this.#outcome;
    // Only who asked no model ends before the ledger has answered.
    if (outcome === undefined || this.#deps.attempts.started === 0) {
      void this.#release();
      return undefined;
    }
    if ("error" in outcome || outcome.decision.state === "none") {
      this.#ended.resolve();
      return undefined;
    }
    const due = outcome.decision.reservation.end(this.#settlement(account));
    if (!due.isUrgent) return due;
    void this.settle(due);
    return undefined;
  }

  /** Resolves once the ledger has heard all that it has to hear from here. Never rejects. */
  get settled(): Promise<void> {
    return this.#ended.promise;
  }

  /** It goes to the ledger with the trace. */
  handedOn(due: Due | undefined): void {
    if (due !== undefined) this.#ended.resolve();
  }

  /** Tells the ledger now. Never rejects. */
  async settle(due: Due): Promise<void> {
    const outcome = this.#outcome;
    if (outcome !== undefined && "decision" in outcome && outcome.decision.state !== "none")
      await outcome.decision.reservation.settle(due);
    this.#ended.resolve();
  }

  async #release(): Promise<void> {
    const outcome = await this.#begun;
    if ("decision" in outcome && outcome.decision.state !== "none") await outcome.decision.reservation.release();
    this.#ended.resolve();
  }

  #settlement({ usage, costUsdMicros }: EndedAccount): PartlyKnownAmounts {
    const { attempts } = this.#deps;
    const calls = withDoubts(withEstimate(attempts.attempts, usage));
    const { bundle } = this.#input.admission.config;
    const cost = costUsdMicros ?? exchangeCost(calls, { bundle, atMs: this.#deps.reserve.nowMs() }).costUsdMicros;
    return settlementOf({ calls, started: attempts.started, costUsdMicros: cost });
  }
}
