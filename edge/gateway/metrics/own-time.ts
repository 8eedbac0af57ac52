/** A stretch of an exchange, on the clock of its timeline. */
export interface Stretch {
  readonly name: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export interface ExchangeTimes {
  readonly durationMs: number;
  readonly intervals: readonly Stretch[];
  /** It waited for the answer to an identical request. */
  readonly collapsed: boolean;
}

/**
 * The gateway's own part of an exchange, in milliseconds: all of it less the time from the first call upstream to the end of the last, pauses before
 * another attempt included, and less the wait for another exchange's answer. What the gateway does while a stream is under way is not in it: the
 * runtime's clock cannot tell that from waiting.
 */
export function ownTimeMs({ durationMs, intervals, collapsed }: ExchangeTimes): number {
  let beganMs = Number.POSITIVE_INFINITY;
  let endedMs = Number.NEGATIVE_INFINITY;
  let waitedMs = 0;
  for (const { name, startedAtMs, endedAtMs } of intervals) {
    if (name === "attempt" || name === "upstream") {
      beganMs = Math.min(beganMs, startedAtMs);
      endedMs = Math.max(endedMs, endedAtMs);
    } else if (collapsed && name === "cache") waitedMs += endedAtMs - startedAtMs;
  }
  if (endedMs > beganMs) waitedMs += endedMs - beganMs;
  return Math.max(0, durationMs - waitedMs);
}
