/** No pause is longer, whatever the settings: a caller waits for it. */
const MAX_BACKOFF_MS = 60_000;

/**
 * "Full jitter": uniform between 0 and the exponential bound, which spreads clients best of the usual kinds
 * (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). `attempt` counts from 1. Whole milliseconds.
 */
export function fullJitterMs(
  { baseMs, attempt }: { readonly baseMs: number; readonly attempt: number },
  chance: number,
): number {
  return Math.floor(chance * Math.min(MAX_BACKOFF_MS, baseMs * 2 ** (attempt - 1)));
}
