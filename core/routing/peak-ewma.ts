/** A moving average that believes a bad sample at once and good ones slowly. Milliseconds. */
export interface PeakEwma {
  readonly valueMs: number;
  readonly atMs: number;
}

/**
 * After so long a sample weighs 1/e. Finagle's default is 10 s for calls of milliseconds; first tokens take a thousand times as long and come
 * more rarely, and a target must not be forgotten between two of them.
 */
export const EWMA_DECAY_MS = 60_000;

function weightAfter(elapsedMs: number): number {
  return Math.exp(-Math.max(0, elapsedMs) / EWMA_DECAY_MS);
}

/**
 * Peak-EWMA of Finagle (twitter/finagle, finagle-core/src/main/scala/com/twitter/finagle/loadbalancer/PeakEwma.scala): a sample above the average
 * becomes the average; one below moves it with weight `1 - exp(-elapsed / decay)`.
 */
export function observePeakEwma(average: PeakEwma | undefined, sampleMs: number, nowMs: number): PeakEwma {
  if (average === undefined || sampleMs >= average.valueMs) return { valueMs: sampleMs, atMs: nowMs };
  const kept = weightAfter(nowMs - average.atMs);
  return { valueMs: average.valueMs * kept + sampleMs * (1 - kept), atMs: nowMs };
}

/** The average as it stands now: it sinks while nothing is seen, so that a target that was slow is tried again. */
export function readPeakEwma(average: PeakEwma, nowMs: number): number {
  return average.valueMs * weightAfter(nowMs - average.atMs);
}
