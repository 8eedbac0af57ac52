import { setTimeout as sleep } from "node:timers/promises";

interface PollOptions {
  readonly withinMs: number;
  readonly everyMs: number;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal;
}

/** Asks until the answer is yes or the time is over; a question that throws counts as no. */
export async function poll(question: () => Promise<boolean>, options: PollOptions): Promise<boolean> {
  const deadlineMs = Date.now() + options.withinMs;
  for (;;) {
    if (await question().catch(() => false)) return true;
    if (Date.now() >= deadlineMs || options.signal?.aborted === true) return false;
    await sleep(options.everyMs);
  }
}
