import type { Resilience } from "../contract/index.ts";

export interface HedgeFacts {
  readonly settings: Resilience;
  /** The quantile that the settings ask for, of the first target's recent first tokens; undefined until enough were seen. */
  readonly quantileMs: number | undefined;
  /** First-token times say nothing about when a whole answer is due. */
  readonly stream: boolean;
  /** The second call's; undefined = unknown. */
  readonly expectedCostUsdMicros: number | undefined;
}

export type HedgeDecision =
  | { readonly kind: "hedge"; readonly afterMs: number }
  | { readonly kind: "wait"; readonly reason: string };

const wait = (reason: string): HedgeDecision => ({ kind: "wait", reason });

/** Whether a second call is made when the first is slow, and after how long. A cap on its cost that cannot be checked counts as exceeded. */
export function decideHedge(facts: HedgeFacts): HedgeDecision {
  const { hedge, max_attempts: maxAttempts } = facts.settings;
  if (hedge === undefined) return wait("the model does not hedge");
  if (maxAttempts < 2) return wait("the model allows one attempt");
  const { max_cost_usd_micros: cap } = hedge;
  if (cap !== undefined) {
    if (facts.expectedCostUsdMicros === undefined)
      return wait("the second call's price is unknown, and its cost is capped");
    if (facts.expectedCostUsdMicros > cap) return wait("the second call would cost more than the cap");
  }
  if (hedge.after_ms !== undefined) return { kind: "hedge", afterMs: hedge.after_ms };
  if (!facts.stream) return wait("a quantile of first tokens does not tell when a whole answer is late");
  if (facts.quantileMs === undefined) return wait("too few first tokens were seen to know the quantile");
  return { kind: "hedge", afterMs: Math.ceil(facts.quantileMs) };
}
