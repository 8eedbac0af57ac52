import { MillraceError } from "@millrace/core/contract";

export interface SchedulerOptions {
  /** Sequences that decode at once. */
  readonly slots: number;
  /** Sequences that may wait. */
  readonly maxQueue: number;
}

export interface SchedulerDeps {
  readonly nowMs: () => number;
}

/** The right to run one sequence; `release` is idempotent. */
export interface Lease {
  release(): void;
}

interface Waiter {
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}

/** Retry times are told between these bounds, in seconds: 0 would hammer, hours would be a guess. */
const RETRY_MIN_S = 1;
const RETRY_MAX_S = 300;
/** Weight of the newest duration in the running mean: about the last ten requests count. */
const MEAN_WEIGHT = 0.2;

/** When a place in the queue is likely: the work ahead over the sequences that do it. */
export function retryAfterSeconds(ahead: number, slots: number, meanHoldMs: number | undefined): number {
  if (meanHoldMs === undefined) return RETRY_MIN_S;
  const seconds = Math.ceil((Math.ceil((ahead + 1) / slots) * meanHoldMs) / 1000);
  return Math.min(RETRY_MAX_S, Math.max(RETRY_MIN_S, seconds));
}

/** Admission: a fixed number of sequences, first come first served, a bounded queue, then 429. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #deps: SchedulerDeps;
  #active = 0;
  readonly #waiting: Waiter[] = [];
  #meanHoldMs: number | undefined;

  constructor(options: SchedulerOptions, deps: SchedulerDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get active(): number {
    return this.#active;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /**
   * Asks for `count` sequences at once: all of them get a place, or none does. Each promise resolves when its sequence is free, and
   * rejects with the signal's reason when that aborts first.
   * @throws MillraceError `overloaded` with `retryAfterSeconds`; `unsupported-parameter` when no idle runner could take so many.
   */
  acquire(count: number, signal: AbortSignal): Promise<Lease>[] {
    const { slots, maxQueue } = this.#options;
    if (count > slots + maxQueue) {
      throw new MillraceError("unsupported-parameter", {
        param: "n",
        message: `This runner takes at most ${slots + maxQueue} choices in one request; ${count} were asked for.`,
      });
    }
    signal.throwIfAborted();
    const free = slots - this.#active;
    if (count > free + maxQueue - this.#waiting.length) {
      throw new MillraceError("overloaded", {
        message: `${this.#active} sequences are active and ${this.#waiting.length} of ${maxQueue} places in the queue are taken.`,
        retryAfterSeconds: retryAfterSeconds(this.#waiting.length, slots, this.#meanHoldMs),
      });
    }
    return Array.from({ length: count }, () => this.#acquireOne(signal));
  }

  async #acquireOne(signal: AbortSignal): Promise<Lease> {
    if (this.#active < this.#options.slots && this.#waiting.length === 0) return this.#grant();
    return new Promise<Lease>((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        signal,
        onAbort: () => {
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
          reject(signal.reason);
        },
      };
      signal.addEventListener("abort", waiter.onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #grant(): Lease {
    this.#active += 1;
    const startedMs = this.#deps.nowMs();
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#active -= 1;
        const holdMs = this.#deps.nowMs() - startedMs;
        this.#meanHoldMs =
          this.#meanHoldMs === undefined ? holdMs : this.#meanHoldMs + MEAN_WEIGHT * (holdMs - this.#meanHoldMs);
        this.#admitNext();
      },
    };
  }

  #admitNext(): void {
    while (this.#active < this.#options.slots) {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) return;
      waiter.signal.removeEventListener("abort", waiter.onAbort);
      waiter.resolve(this.#grant());
    }
  }
}
