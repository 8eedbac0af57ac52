import type { Bundle, TraceRecord, Usage } from "@millrace/core/contract";
import type { AnswerSummary } from "../../exchange/answer.ts";
import {
  type BilledCall,
  type ExchangeCost,
  exchangeCost,
  hitCost,
  NOT_PRICED,
  withEstimate,
} from "../../exchange/exchange-cost.ts";
import type { Resolution } from "../../exchange/resolution.ts";

/** What an exchange consumed and what it cost. */
export interface ExchangeAccount extends ExchangeCost {
  /** Of the answer that the caller heard. */
  readonly usage: Usage | undefined;
}

export interface AccountFacts {
  readonly resolution: Resolution | undefined;
  readonly summary: AnswerSummary | undefined;
  readonly cache: TraceRecord["cache"];
  readonly calls: readonly BilledCall[];
  /** Of what the caller heard, where no provider counted it. */
  readonly estimate: Usage | undefined;
  readonly prices: { readonly bundle: Bundle | undefined; readonly atMs: number };
}

/** Settles an exchange whose calls are over: what providers counted, else a marked estimate, at the prices of its bundle. */
export function accountFor({ resolution, summary, cache, calls, estimate, prices }: AccountFacts): ExchangeAccount {
  const { bundle, atMs } = prices;
  if (bundle === undefined || resolution === undefined) return { usage: summary?.usage, ...NOT_PRICED };
  if (cache === "hit") {
    // Asked now, the question would go where the plan begins.
    const kept = { target: resolution.candidates[0], outcome: "ok", receivedChars: 0, usage: summary?.usage } as const;
    return { usage: summary?.usage, ...hitCost(kept, { bundle, atMs }) };
  }
  return { usage: summary?.usage ?? estimate, ...exchangeCost(withEstimate(calls, estimate), { bundle, atMs }) };
}
