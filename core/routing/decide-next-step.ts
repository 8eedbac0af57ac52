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

interface StepContext {
  readonly settings: Resilience;
  readonly deps: NextStepDeps;
}

/** Waits before another try: what the server asked for and a little jitter beyond, so that not all come back at once; else full jitter. */
function waitMs(failure: Failure, state: AttemptState, { settings, deps }: StepContext): number {
  const jittered = fullJitterMs({ baseMs: settings.backoff_ms, attempt: state.attemptsOfTarget }, deps.chance());
  return (failure.retryAfterMs ?? 0) + jittered;
}

/** The next try of the same target, or why there is none. */
function retryStep(failure: Failure, state: AttemptState, context: StepContext): NextStep | string {
  const { settings } = context;
  if (!failure.retryHelps) return `${failure.code}: another try of the same target would not help`;
  if (state.attemptsOfTarget > settings.retries_per_target) {
    return `${failure.code}: tried ${state.attemptsOfTarget} times`;
  }
  if ((failure.retryAfterMs ?? 0) > settings.max_retry_after_ms) {
    return `${failure.code}: asks to wait ${failure.retryAfterMs} ms, longer than ${settings.max_retry_after_ms} ms`;
  }
  const afterMs = waitMs(failure, state, context);
  if (state.remainingMs !== undefined && afterMs >= state.remainingMs) {
    return `${failure.code}: the deadline is nearer than the next try`;
  }
  return { kind: "retry", afterMs, reason: `${failure.code}: a retry can help` };
}

/** Why nothing more may be sent at all; undefined when something may. */
function endReason(failure: Failure, state: AttemptState, settings: Resilience): string | undefined {
  if (failure.class === "caller") return `${failure.code}: the exchange is over`;
  if (failure.class === "policy" && !settings.fallback_on_content_filter) {
    return `${failure.code}: a verdict, not a fault`;
  }
  if (failure.class === "request" && !failure.othersMayHelp) return `${failure.code}: the request itself is at fault`;
  if (state.attempts >= settings.max_attempts) return `${state.attempts} attempts, the most that the model allows`;
  return state.remainingMs !== undefined && state.remainingMs <= 0 ? "the deadline has passed" : undefined;
}

/**
 * The one place that decides what follows a failed attempt. A caller's mistake is never sent twice; a content filter's verdict only where the
 * model says so; a key that is refused gives way to the next; all else is retried as far as the settings and the deadline allow, then left for the next target.
 */
export function decideNextStep(failure: Failure, state: AttemptState, context: StepContext): NextStep {
  const ended = endReason(failure, state, context.settings);
  if (ended !== undefined) return { kind: "give-up", reason: ended };
  // A rate limit is most often a key's own.
  const isOfKey = failure.class === "key" || failure.code === "upstream-overloaded";
  if (isOfKey && state.otherKeys > 0) return { kind: "rotate-key", reason: `${failure.code}: another key may pass` };
  const retry = retryStep(failure, state, context);
  if (typeof retry !== "string") return retry;
  if (state.targetsLeft === 0) return { kind: "give-up", reason: `${retry}; no target is left` };
  const contextAbove = failure.code === "context-too-long" ? state.contextTokens : undefined;
  return { kind: "next-target", contextAbove, reason: retry };
}
