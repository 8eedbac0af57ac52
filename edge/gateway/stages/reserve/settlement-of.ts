import type { PartlyKnownAmounts } from "@millrace/core/ledger";
import { type BilledCall, isUncounted } from "../../exchange/exchange-cost.ts";

/** Tokens of one call; null is unknown. A call that brought nothing and counted nothing was not billed. */
function tokensOf(call: BilledCall): number | null {
  const { usage } = call;
  if (usage === undefined) return isUncounted(call) ? null : 0;
  const { inputTokens, outputTokens } = usage;
  // Embeddings and the like report no output at all.
  if (inputTokens === undefined) return null;
  return inputTokens + (outputTokens ?? 0);
}

/** Whether the provider may bill a call: not one that brought nothing and counted nothing. */
export function mayBeBilled(call: BilledCall): boolean {
  return tokensOf(call) !== 0;
}

export interface EndedCalls {
  readonly calls: readonly BilledCall[];
  /** Calls begun; one that is not among `calls` never told what it took. */
  readonly started: number;
  /** Of all calls; undefined is unknown. */
  readonly costUsdMicros: number | undefined;
}

/** What an exchange really took: the sum of every call that was billed, failed, hedged and resumed ones included. */
export function settlementOf({ calls, started, costUsdMicros }: EndedCalls): PartlyKnownAmounts {
  const tokens = calls.map(tokensOf);
  const known = calls.length >= started && tokens.every((count) => count !== null);
  return {
    requests: 1,
    tokens: known ? tokens.reduce((sum, count) => sum + count, 0) : null,
    usd_micros: costUsdMicros ?? null,
  };
}
