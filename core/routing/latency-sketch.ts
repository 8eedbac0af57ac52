/** Counts of times by the logarithm of their length: quantiles to within a tenth, in constant space, with the old fading out. */
export interface LatencySketch {
  /** At index `b`: times up to `GROWTH ** b` milliseconds; as long as it has to be. */
  readonly counts: readonly number[];
  readonly total: number;
}

/** Each bucket's bound is so much more than the last one's: the error of a quantile. */
const GROWTH = 1.1;
/** With more than this the old counts are halved: what is recent decides. */
const MAX_TOTAL = 512;
/** A quantile of fewer samples is no quantile. */
const MIN_SAMPLES = 20;

/** An hour. Longer times count as this one, so that no sample makes a sketch long. */
const MAX_BUCKET = 160;

export const emptySketch: LatencySketch = { counts: [], total: 0 };

function halved({ counts }: LatencySketch): LatencySketch {
  const kept = counts.map((count) => Math.floor(count / 2));
  return { counts: kept, total: kept.reduce((sum, count) => sum + count, 0) };
}

export function addToSketch(sketch: LatencySketch, sampleMs: number): LatencySketch {
  const { counts, total } = sketch.total >= MAX_TOTAL ? halved(sketch) : sketch;
  const bucket = Math.min(MAX_BUCKET, Math.max(0, Math.ceil(Math.log(Math.max(1, sampleMs)) / Math.log(GROWTH))));
  const next = counts.slice();
  while (next.length <= bucket) next.push(0);
  next[bucket] = (next[bucket] ?? 0) + 1;
  return { counts: next, total: total + 1 };
}

/** Upper bound of the bucket that holds the quantile, in milliseconds; undefined with too few samples. */
export function sketchQuantileMs(sketch: LatencySketch, quantile: number): number | undefined {
  if (sketch.total < MIN_SAMPLES) return undefined;
  const rank = Math.ceil(quantile * sketch.total);
  let seen = 0;
  for (const [bucket, count] of sketch.counts.entries()) {
    seen += count;
    if (seen >= rank) return GROWTH ** bucket;
  }
  return undefined;
}
