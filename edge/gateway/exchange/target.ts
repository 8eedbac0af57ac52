import type { Capability, Provider, Tier } from "@millrace/core/contract";

/** One place that can answer. */
export interface Target {
  readonly provider: Provider;
  /** The name that the provider knows the model by. */
  readonly model: string;
  readonly tier: Tier;
}

/** A target of a plan, with what the plan knows of it. */
export interface PlannedTarget extends Target {
  readonly capabilities: ReadonlySet<Capability>;
  /** Tokens; undefined = unknown. */
  readonly contextTokens: number | undefined;
  /** At the request's estimated tokens; undefined = unknown. */
  readonly expectedCostUsdMicros: number | undefined;
}
