/** Pieces closer together than this are a burst: far faster than anybody sees steps, and than most models speak. */
const BURST_MS = 5;
/** How long a burst gathers: half a frame of a screen, and a few pieces at least. */
const PAUSE_MS = 10;
/** Pieces in a row that come close together before a stream is taken for bursts: a model that guesses ahead sends a few tokens at once. */
const BURST_READS = 6;
/** A piece of this size is worth a turn of its own: a fast stream is not slowed down. */
const LARGE_PIECE_BYTES = 8 * 1024;

/** One read of a stream. */
export interface Arrival {
  /** Milliseconds since the one before. */
  readonly gapMs: number;
  readonly bytes: number;
}

/**
 * How the pieces of one stream come. A stream at its own pace is read as it comes; one that comes in bursts is worth the memory of reading ahead,
 * and a short wait between two reads, so that each brings many events.
 */
export class BurstPace {
  #close = 0;
  /** The last read brought a small piece right behind the one before: what comes next is worth a wait, to be read in company. */
  #isGathering = false;

  /** A read has brought something. The gap behind a pause is the pause's own. */
  arrived({ gapMs, bytes }: Arrival, pausedMs: number): void {
    const isClose = gapMs - pausedMs < BURST_MS;
    this.#close = isClose ? this.#close + 1 : 0;
    this.#isGathering = isClose && bytes < LARGE_PIECE_BYTES;
  }

  /** The stream comes in bursts: from now on it is read ahead. */
  get isBurst(): boolean {
    return this.#close >= BURST_READS;
  }

  /** Milliseconds to wait before the next read of a stream that is read ahead. */
  get pauseMs(): number {
    return this.#isGathering ? PAUSE_MS : 0;
  }
}
