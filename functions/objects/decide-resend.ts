/** How often a message was handed to the queue, and how often in a row the queue refused it since. */
export interface ResendState {
  readonly sends: number;
  readonly failures: number;
}

export interface ResendMoment {
  readonly nowMs: number;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/** The first acknowledgement normally comes within 2–3 s (one queue batch and one statement); five times that is not normal. */
export const FIRST_RESEND_MS = 15_000;
/** While Postgres is away the queue keeps its own copy and retries it, so copies of ours may be rare: at most six an hour. */
export const MAX_RESEND_MS = 10 * 60_000;
/** The queue itself refused: nothing holds a copy but this object, so try again soon … */
export const FIRST_RETRY_MS = 1_000;
/** … and never later than a minute. */
export const MAX_RETRY_MS = 60_000;
/** 2^20 times any first delay is beyond any cap; keeps the exponent finite. */
const MAX_DOUBLINGS = 20;

/**
 * When a message is due again: exponential backoff with equal jitter (half of the delay fixed, half random), so that
 * messages that failed together do not come back together. After a refusal by the queue the short schedule applies,
 * after a hand-over the long one, which waits for the acknowledgement.
 * @returns milliseconds since the epoch
 */
export function decideResend(state: ResendState, moment: ResendMoment): number {
  const delayMs =
    state.failures > 0
      ? backoffMs(FIRST_RETRY_MS, MAX_RETRY_MS, state.failures - 1)
      : backoffMs(FIRST_RESEND_MS, MAX_RESEND_MS, Math.max(state.sends - 1, 0));
  return Math.round(moment.nowMs + delayMs / 2 + (delayMs / 2) * moment.random);
}

function backoffMs(firstMs: number, maxMs: number, doublings: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(doublings, MAX_DOUBLINGS));
}
