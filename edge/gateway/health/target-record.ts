import {
  addToSketch,
  closedCircuit,
  countsAgainstTarget,
  emptySketch,
  observePeakEwma,
  type OutcomeBatch,
  recordOutcomes,
  recordProbe,
} from "@millrace/core/routing";
import type { CallOutcome } from "./health-view.ts";
import type { TargetNews, TargetState } from "./health-service.ts";

const NO_OUTCOMES: OutcomeBatch = { ok: 0, failed: 0, trailingFailures: 0 };
const NO_NEWS: TargetNews = { outcomes: NO_OUTCOMES, firstTokensMs: [], probe: undefined };
/** Of a burst between two reports the newest say enough. */
const MAX_FIRST_TOKENS = 64;

export interface Moment {
  readonly nowMs: number;
  readonly chance: number;
}

function joinOutcomes(older: OutcomeBatch, newer: OutcomeBatch): OutcomeBatch {
  return {
    ok: older.ok + newer.ok,
    failed: older.failed + newer.failed,
    trailingFailures: newer.ok > 0 ? newer.trailingFailures : older.trailingFailures + newer.failed,
  };
}

function joinNews(older: TargetNews, newer: TargetNews): TargetNews {
  return {
    outcomes: joinOutcomes(older.outcomes, newer.outcomes),
    firstTokensMs: [...older.firstTokensMs, ...newer.firstTokensMs].slice(-MAX_FIRST_TOKENS),
    probe: newer.probe ?? older.probe,
  };
}

/** A call that the target refused for reasons of the request shows that the target is there. */
function probeOutcome(outcome: CallOutcome): "ok" | "failed" | "cancelled" {
  if (outcome.kind !== "failed") return outcome.kind;
  if (countsAgainstTarget(outcome.failure)) return "failed";
  return outcome.failure.class === "request" || outcome.failure.class === "policy" ? "ok" : "cancelled";
}

/** What one isolate knows of one target: the shared state as it was last told, and what it saw itself since. */
export class TargetRecord {
  readonly id: string;
  state: TargetState = { circuit: closedCircuit, firstToken: undefined, sketch: emptySketch };
  pending = 0;
  /** A probe was leased to this isolate and not sent yet. */
  holdsProbe = false;
  /** A call of the last resort is under way: one at a time. */
  isLastResortOut = false;
  /** Someone asks for the lease of a probe until then. */
  askingUntilMs = 0;
  /** Used since the last report: the next one asks about it. */
  isOfInterest = false;
  #news: TargetNews = NO_NEWS;

  constructor(id: string) {
    this.id = id;
  }

  /** @returns whether the circuit changed. */
  addOutcome(outcome: CallOutcome, isProbe: boolean, at: Moment): boolean {
    const news = this.#newsOf(outcome, isProbe);
    if (news === undefined) return false;
    this.#news = joinNews(this.#news, news);
    const before = this.state.circuit;
    this.#apply(news, at);
    return isProbe || this.state.circuit.phase !== before.phase;
  }

  #newsOf(outcome: CallOutcome, isProbe: boolean): TargetNews | undefined {
    if (isProbe) return { ...NO_NEWS, probe: probeOutcome(outcome) };
    if (outcome.kind === "ok") return { ...NO_NEWS, outcomes: { ok: 1, failed: 0, trailingFailures: 0 } };
    if (outcome.kind === "cancelled" || !countsAgainstTarget(outcome.failure)) return undefined;
    return { ...NO_NEWS, outcomes: { ok: 0, failed: 1, trailingFailures: 1 } };
  }

  addFirstToken(firstTokenMs: number, at: Moment): void {
    const news = { ...NO_NEWS, firstTokensMs: [firstTokenMs] };
    this.#news = joinNews(this.#news, news);
    this.#apply(news, at);
  }

  #apply({ outcomes, firstTokensMs, probe }: TargetNews, at: Moment): void {
    let { circuit, firstToken, sketch } = this.state;
    circuit = recordOutcomes(circuit, outcomes, at);
    if (probe !== undefined) circuit = recordProbe(circuit, probe, at);
    for (const sampleMs of firstTokensMs) {
      firstToken = observePeakEwma(firstToken, sampleMs, at.nowMs);
      sketch = addToSketch(sketch, sampleMs);
    }
    this.state = { circuit, firstToken, sketch };
  }

  /** What to report; from here on it counts as told. */
  takeNews(): TargetNews {
    const news = this.#news;
    this.#news = NO_NEWS;
    this.isOfInterest = false;
    return news;
  }

  /** The report did not arrive. */
  returnNews(news: TargetNews): void {
    this.#news = joinNews(news, this.#news);
    this.isOfInterest = true;
  }

  /** The shared state, and on top of it what was seen since the report. */
  learn(state: TargetState, at: Moment): void {
    // Another lease than the one that this isolate held.
    if (state.circuit.probeUntilMs !== this.state.circuit.probeUntilMs) this.holdsProbe = false;
    this.state = state;
    this.#apply(this.#news, at);
  }
}
