import { TookTooLong, within } from "../../../memory/within.ts";

/** Longer than all tries of a question take: one that is older died with the request that asked it. Milliseconds. */
export const REFILL_LOST_MS = 9_000;

/** A question to the ledger whose answer others wait for. */
export class Refill {
  readonly #startedAtMs: number;
  /** Never rejects. */
  readonly #outcome: Promise<{ readonly error: unknown } | undefined>;
  /** Exchanges that wait for it. */
  waiting = 0;

  constructor(asking: Promise<unknown>, nowMs: number) {
    this.#startedAtMs = nowMs;
    this.#outcome = asking.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  /** Once it is answered. Never rejects, and may never come. */
  get ended(): Promise<unknown> {
    return this.#outcome;
  }

  isLost(nowMs: number): boolean {
    return nowMs - this.#startedAtMs >= REFILL_LOST_MS;
  }

  /** Waits for its answer, or until it is lost. @throws what it failed for. */
  async wait(nowMs: number): Promise<void> {
    this.waiting++;
    const leftMs = Math.max(0, this.#startedAtMs + REFILL_LOST_MS - nowMs);
    const outcome = await within(this.#outcome, leftMs).catch((error: unknown) => {
      if (error instanceof TookTooLong) return undefined;
      throw error;
    });
    if (outcome !== undefined) throw outcome.error;
  }
}
