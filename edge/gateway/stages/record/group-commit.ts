import { TookTooLong, within } from "../../memory/within.ts";

/** Messages of one call to the outbox: enough to amortise it, few enough for one RPC. */
const MAX_BATCH = 64;
/** Together; an RPC carries 32 MiB, and an isolate has 128 MB. One message alone may be larger. */
const MAX_BATCH_SIZE = 4_000_000;

export interface GroupCommitDeps<T> {
  /** Resolves when every message is on disk. Called in the request that leads the batch, so it makes its own stub. */
  readonly commit: (messages: readonly T[]) => Promise<void>;
  /** What a message weighs in a call, in characters. */
  readonly sizeOf: (message: T) => number;
  /** The longest that one who waits trusts those before it. */
  readonly limitMs: number;
}

interface Batch<T> {
  readonly messages: T[];
  size: number;
  /** Set when a request took the lead; settles with the commit. */
  outcome: Promise<void> | undefined;
}

/**
 * Group commit: while one call is under way, later messages collect, and the first of their requests carries them all in the next call.
 * Each call belongs to a request whose message it holds: a request that ends takes no one's work with it, and the rest notice by their limit.
 */
export class GroupCommit<T> {
  readonly #deps: GroupCommitDeps<T>;
  #underWay: Promise<unknown> | undefined;
  #collecting: Batch<T> | undefined;

  constructor(deps: GroupCommitDeps<T>) {
    this.#deps = deps;
  }

  /** Resolves when this message is on disk. @throws when its batch failed or took too long. */
  async append(message: T): Promise<void> {
    const batch = this.#join(message);
    let isUnderWay = false;
    const carry = (): Promise<void> => {
      isUnderWay = true;
      return (batch.outcome ??= this.#lead(batch));
    };
    const { limitMs } = this.#deps;
    // One timer for both waits: each costs as much as a stage.
    const carried = this.#underWay === undefined ? carry() : this.#underWay.then(carry);
    try {
      await within(carried, limitMs);
    } catch (error) {
      if (!(error instanceof TookTooLong) || isUnderWay) throw error;
      // Who carried the batch before this one is gone.
      await within(carry(), limitMs);
    }
  }

  #join(message: T): Batch<T> {
    const size = this.#deps.sizeOf(message);
    let batch = this.#collecting;
    if (batch === undefined || batch.messages.length >= MAX_BATCH || batch.size + size > MAX_BATCH_SIZE) {
      batch = { messages: [], size: 0, outcome: undefined };
      this.#collecting = batch;
    }
    batch.messages.push(message);
    batch.size += size;
    return batch;
  }

  #lead(batch: Batch<T>): Promise<void> {
    if (this.#collecting === batch) this.#collecting = undefined;
    const outcome = this.#deps.commit(batch.messages);
    const settled = outcome
      .catch(() => undefined)
      .finally(() => {
        if (this.#underWay === settled) this.#underWay = undefined;
      });
    this.#underWay = settled;
    return outcome;
  }
}
