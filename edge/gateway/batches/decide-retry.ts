import { errorCatalogue, isErrorCode } from "@millrace/core/contract";

/** Tries of one line. With the pauses below, an outage of twenty minutes is outlived. */
const MAX_TRIES = 10;
/** Doubled with each try. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 600_000;

export interface LineOutcome {
  readonly status: number;
  /** Of our catalogue, where the answer was an error of ours. */
  readonly code: string | undefined;
  /** What the answer asks to wait; undefined = nothing. */
  readonly retryAfterSeconds: number | undefined;
}

/**
 * How long to wait before a line is asked again; undefined = its answer is final.
 * @param tries so far, this one included
 * @param chance uniform in [0, 1)
 */
export function decideRetry(outcome: LineOutcome, tries: number, chance: number): number | undefined {
  const { status, code, retryAfterSeconds } = outcome;
  const helps =
    code !== undefined && isErrorCode(code) ? errorCatalogue[code].retryable : status === 429 || status >= 500;
  if (status < 400 || !helps || tries >= MAX_TRIES) return undefined;
  const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
  return Math.max(chance * most, (retryAfterSeconds ?? 0) * 1000);
}
