/** Counts of times by the logarithm of their length: quantiles to within a tenth, in constant space, with the old fading out. */
export interface LatencySketch {
  /** Bucket → count; bucket `b` holds times up to `GROWTH ** b` milliseconds. */
  readonly counts: Readonly<Record<number, number>>;
  readonly total: number;
}

/** Each bucket's bound is so much more than the last one's: the error of a quantile. */
const GROWTH = 1.1;
/** With more than this the old counts are halved: what is recent decides. */
const MAX_TOTAL = 512;
/** A quantile of fewer samples is no quantile. */
const MIN_SAMPLES = 20;

export const emptySketch: LatencySketch = { counts: {}, total: 0 };

function halved(sketch: LatencySketch): LatencySketch {
  const counts: Record<number, number> = {};
  let total = 0;
  for (const [bucket, count] of Object.entries(sketch.counts)) {
    const kept = Math.floor(count / 2);
    if (kept === 0) continue;
    counts[Number(bucket)] = kept;
    total += kept;
  }
  return { counts, total };
}

export function addToSketch(sketch: LatencySketch, sampleMs: number): LatencySketch {
  const { counts, total } = sketch.total >= MAX_TOTAL ? halved(sketch) : sketch;
  const bucket = Math.max(0, Math.ceil(Math.log(Math.max(1, sampleMs)) / Math.log(GROWTH)));
  return { counts: { ...counts, [bucket]: (counts[bucket] ?? 0) + 1 }, total: total + 1 };
}

/** Upper bound of the bucket that holds the quantile, in milliseconds; undefined with too few samples. */
export function sketchQuantileMs(sketch: LatencySketch, quantile: number): number | undefined {
  if (sketch.total < MIN_SAMPLES) return undefined;
  const rank = Math.ceil(quantile * sketch.total);
  let seen = 0;
  // Integer keys of an object come in ascending order.
  for (const [bucket, count] of Object.entries(sketch.counts)) {
    seen += count;
    if (seen >= rank) return GROWTH ** Number(bucket);
  }
  return undefined;
}
