import type { Capability, Route, TargetRoute } from "../contract/index.ts";

/** What is known of a target beside its own route node. */
export interface TargetTraits {
  readonly capabilities: ReadonlySet<Capability>;
  /** Tokens of input and output together; undefined = unknown, which excludes nothing. */
  readonly contextTokens: number | undefined;
}

/** One target that can answer, in the order in which targets are to be tried. */
export interface Candidate extends TargetTraits {
  readonly target: TargetRoute;
  /** At the price table and the request's estimated tokens; undefined = unknown. */
  readonly expectedCostUsdMicros: number | undefined;
}

/** A target that was left out before anything was sent, and why. */
export interface ExcludedTarget {
  readonly target: TargetRoute;
  /** The provider that it names does not exist. */
  readonly isAbsent: boolean;
  /** Capabilities that the request needs and the target lacks. */
  readonly missing: readonly Capability[];
  /** Set when the request does not fit the target's context. Tokens. */
  readonly context: { readonly needed: number; readonly available: number } | undefined;
}

/** What one node of the tree decided. */
export interface RouteDecision {
  /** Where the node is: `route`, `route.routes[1]`, `route.branches[0].route`, … */
  readonly path: string;
  readonly kind: Exclude<Route["kind"], "target">;
  /** Positions of its branches in the order decided; a branch that is not in it is not tried. */
  readonly order: readonly number[];
  /** For a person who reads the trace. */
  readonly reason: string;
}

/** A model's route, decided for one request. */
export interface RoutePlan {
  /** In the order in which they are tried; never empty, and no target twice. */
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly ExcludedTarget[];
  /** From the root down. */
  readonly decisions: readonly RouteDecision[];
}
