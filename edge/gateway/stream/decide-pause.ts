/** Pieces closer together than this are a burst: faster than sixty a second, which nobody sees as steps. */
const BURST_MS = 16;
/** How long a burst gathers; shorter than BURST_MS, so that what comes in its own time waits for nothing. */
const PAUSE_MS = 10;
/** A piece of this size is worth a turn of its own: a fast stream is not slowed down. */
const LARGE_PIECE_BYTES = 8 * 1024;
/** The opening and the first tokens are what somebody waits for. */
const UNHURRIED_READS = 3;

/** How the reads of one stream have gone so far. */
export interface ReadPace {
  readonly reads: number;
  /** Milliseconds between the last two reads' arrivals. */
  readonly lastGapMs: number;
  readonly lastBytes: number;
}

/** Milliseconds to wait before the next read of a stream, so that a burst is read in a few pieces instead of many; 0 when it has its own pace. */
export function decidePause({ reads, lastGapMs, lastBytes }: ReadPace): number {
  const gather = reads >= UNHURRIED_READS && lastGapMs < BURST_MS && lastBytes < LARGE_PIECE_BYTES;
  return gather ? PAUSE_MS : 0;
}
