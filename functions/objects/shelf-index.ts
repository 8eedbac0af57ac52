import type { ResendState } from "./decide-resend.ts";

/** A row of the shelf without its body. */
export interface ShelfRow extends ResendState {
  readonly seq: number;
  readonly traceId: string;
  readonly bytes: number;
  readonly dueAtMs: number;
}

/**
 * What lies on the shelf, in memory: by number, oldest first, and by trace. The table needs no index for either, so that a message is written into
 * one place only. Some 150 bytes a row, read anew after an eviction.
 */
export class ShelfIndex {
  readonly #rows = new Map<number, ShelfRow>();
  readonly #seqs = new Map<string, number>();
  #bytes = 0;

  get size(): number {
    return this.#rows.size;
  }

  /** Of all messages together. */
  get bytes(): number {
    return this.#bytes;
  }

  has(traceId: string): boolean {
    return this.#seqs.has(traceId);
  }

  seqOf(traceId: string): number | undefined {
    return this.#seqs.get(traceId);
  }

  /** @param row whose number is larger than all that are here, or one of them again. */
  set(row: ShelfRow): void {
    const before = this.#rows.get(row.seq);
    this.#bytes += row.bytes - (before?.bytes ?? 0);
    this.#rows.set(row.seq, row);
    this.#seqs.set(row.traceId, row.seq);
  }

  delete(seq: number): void {
    const row = this.#rows.get(seq);
    if (row === undefined) return;
    this.#bytes -= row.bytes;
    this.#rows.delete(seq);
    if (this.#seqs.get(row.traceId) === seq) this.#seqs.delete(row.traceId);
  }

  /** The oldest first. */
  rows(): Iterable<ShelfRow> {
    return this.#rows.values();
  }

  get(seq: number): ShelfRow | undefined {
    return this.#rows.get(seq);
  }
}
