import type { Resilience } from "../contract/index.ts";
import { fullJitterMs } from "./backoff.ts";
import type { Failure } from "./failure-class.ts";

/** What a failed attempt is followed by, and why. */
export type NextStep =
  | { readonly kind: "retry"; readonly afterMs: number; readonly reason: string }
  | { readonly kind: "rotate-key"; readonly reason: string }
  | {
      readonly kind: "next-target";
      /** Candidates with a known context of this or less are passed over. Tokens. */
      readonly contextAbove: number | undefined;
      readonly reason: string;
    }
  | { readonly kind: "give-up"; readonly reason: string };

/** How far the exchange has come. */
export interface AttemptState {
  /** Calls upstream so far, the failed one and hedges included. */
  readonly attempts: number;
  /** Calls of the failed target so far. */
  readonly attemptsOfTarget: number;
  /** Other keys of the failed target that may be tried. */
  readonly otherKeys: number;
  /** Candidates that were not tried yet. */
  readonly targetsLeft: number;
  /** The failed target's; undefined = unknown. Tokens. */
  readonly contextTokens: number | undefined;
  /** What is left until the exchange's deadline; undefined = it has none. */
  readonly remainingMs: number | undefined;
}

export interface NextStepDeps {
  /** Uniform in [0, 1). */
  readonly chance: () => number;
}

const nextTarget = (reason: string, contextAbove?: number): NextStep => ({ kind: "next-target", contextAbove, reason });
const giveUp = (reason: string): NextStep => ({ kind: "give-up", reason });

/** Waits before another try: what the server asked for and a little jitter beyond, so that not all come back at once; else full jitter. */
function waitMs(failure: Failure, state: AttemptState, settings: Resilience, deps: NextStepDeps): number {
  const jittered = fullJitterMs({ baseMs: settings.backoff_ms, attempt: state.attemptsOfTarget }, deps.chance());
  return failure.retryAfterMs === undefined ? jittered : failure.retryAfterMs + jittered;
}

/** Whether the wait that the failure asks for may be waited. */
function retryStep(
  failure: Failure,
  state: AttemptState,
  { settings, deps }: { readonly settings: Resilience; readonly deps: NextStepDeps },
): NextStep | string {
  if (!failure.retryHelps) return `${failure.code}: another try of the same target would not help`;
  if (state.attemptsOfTarget > settings.retries_per_target)
    return `${failure.code}: tried ${state.attemptsOfTarget} times`;
  if ((failure.retryAfterMs ?? 0) > settings.max_retry_after_ms)
    return `${failure.code}: asks to wait ${failure.retryAfterMs} ms, longer than ${settings.max_retry_after_ms} ms`;
  const afterMs = waitMs(failure, state, settings, deps);
  if (state.remainingMs !== undefined && afterMs >= state.remainingMs)
    return `${failure.code}: the deadline is nearer than the next try`;
  return { kind: "retry", afterMs, reason: `${failure.code}: a retry can help` };
}

/**
 * The one place that decides what follows a failed attempt. A caller's mistake is never sent twice; a content filter's verdict only where the
 * model says so; a key that is refused gives way to the next; all else is retried as far as the settings and the deadline allow, then left for the next target.
 */
export function decideNextStep(
  failure: Failure,
  state: AttemptState,
  context: { readonly settings: Resilience; readonly deps: NextStepDeps },
): NextStep {
  const { settings } = context;
  if (failure.class === "caller") return giveUp(`${failure.code}: the exchange is over`);
  if (state.attempts >= settings.max_attempts)
    return giveUp(`${state.attempts} attempts, the most that the model allows`);
  if (state.remainingMs !== undefined && state.remainingMs <= 0) return giveUp("the deadline has passed");
  if (failure.class === "policy") {
    if (!settings.fallback_on_content_filter) return giveUp(`${failure.code}: a verdict, not a fault`);
    return state.targetsLeft > 0
      ? nextTarget(`${failure.code}: the model allows another target`)
      : giveUp("no target is left");
  }
  if (failure.class === "request" && !failure.othersMayHelp)
    return giveUp(`${failure.code}: the request itself is at fault`);
  const sharesKeys = failure.class === "key" || failure.code === "upstream-overloaded";
  if (sharesKeys && state.otherKeys > 0) return { kind: "rotate-key", reason: `${failure.code}: another key may pass` };
  const retry = retryStep(failure, state, context);
  if (typeof retry !== "string") return retry;
  if (state.targetsLeft === 0) return giveUp(`${retry}; no target is left`);
  return nextTarget(retry, failure.code === "context-too-long" ? state.contextTokens : undefined);
}
