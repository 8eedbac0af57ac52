/** The q-quantile (0–1) of the values by the nearest-rank method; undefined of nothing. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1000;

/** A small seeded generator (mulberry32), so that an interval can be computed again from the same samples. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** 95 % percentile-bootstrap interval of the median (Efron 1979), 1,000 resamples. */
export function medianInterval(values: readonly number[], seed = 1): Interval | undefined {
  if (values.length === 0) return undefined;
  const random = seededRandom(seed);
  const medians = Array.from({ length: RESAMPLES }, () => {
    const sample = Array.from({ length: values.length }, () => values[Math.floor(random() * values.length)] ?? 0);
    return quantile(sample, 0.5) ?? 0;
  });
  return { low: quantile(medians, 0.025) ?? 0, high: quantile(medians, 0.975) ?? 0 };
}
