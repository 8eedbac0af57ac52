import type { Provider, Tier } from "@millrace/core/contract";

/** One place that can answer. */
export interface Target {
  readonly provider: Provider;
  /** The name that the provider knows the model by. */
  readonly model: string;
  readonly tier: Tier;
}
