import type { ResendState } from "./decide-resend.ts";
import { MAX_QUEUE_MESSAGE_BYTES } from "./pack-batches.ts";

/** Texts kept in memory until they are sent; what is beyond is read from the disk again. An object has 128 MB. */
const MAX_HELD_BYTES = 16_000_000;

/** A row that is about to be handed to the queue. */
export interface ClaimedRow extends ResendState {
  readonly seq: number;
  readonly bytes: number;
}

interface AddedRow {
  readonly seq: number;
  readonly traceId: string;
  readonly body: string;
  readonly bytes: number;
}

/** A row as the queue gets it; no body when only its name travels. */
interface FreshRow {
  readonly traceId: string;
  readonly bytes: number;
  readonly body: string | null;
}

/** Rows that this object has added and not sent yet. A cache: after an eviction the table says the same, only later. */
export class FreshRows {
  /** Claimed on disk, not yet handed out. */
  #unclaimed: ClaimedRow[] = [];
  readonly #held = new Map<number, FreshRow>();
  #heldBytes = 0;

  add({ seq, traceId, body, bytes }: AddedRow): void {
    this.#unclaimed.push({ seq, bytes, sends: 1, failures: 0 });
    const isNamed = bytes > MAX_QUEUE_MESSAGE_BYTES;
    const weight = isNamed ? 0 : bytes;
    if (this.#heldBytes + weight > MAX_HELD_BYTES) return;
    this.#heldBytes += weight;
    this.#held.set(seq, { traceId, bytes, body: isNamed ? null : body });
  }

  /** How many rows no claim has had yet. */
  get unclaimed(): number {
    return this.#unclaimed.length;
  }

  /** All rows that no claim has had, oldest first. */
  claim(): ClaimedRow[] {
    const rows = this.#unclaimed;
    this.#unclaimed = [];
    return rows;
  }

  /** The row, once. */
  take(seq: number): FreshRow | undefined {
    const row = this.#held.get(seq);
    this.#release(seq, row);
    return row;
  }

  /** The row is gone. */
  forget(seq: number): void {
    this.#release(seq, this.#held.get(seq));
  }

  #release(seq: number, row: FreshRow | undefined): void {
    if (row === undefined) return;
    this.#held.delete(seq);
    this.#heldBytes -= row.body === null ? 0 : row.bytes;
  }
}
