import { MillraceError, type TraceText } from "@millrace/core/contract";
import { decideResend } from "./decide-resend.ts";
import { type ClaimedRow, FreshRows } from "./fresh-rows.ts";
import { MAX_QUEUE_MESSAGE_BYTES } from "./pack-batches.ts";
import { ShelfIndex, type ShelfRow } from "./shelf-index.ts";
import { nameText } from "./shelf-name.ts";

/** Messages taken off the shelf for sending in one go; bounds memory and the time that one claim holds the object. */
export const MAX_CLAIM_ROWS = 1_000;
/** A statement takes 100 parameters; a message needs five. */
const MAX_INSERT_ROWS = 20;

export interface ShelfLimits {
  /** Above this many bytes or rows the oldest messages move to R2. */
  readonly spillAboveBytes: number;
  readonly spillAboveRows: number;
  /** At this many bytes nothing more is accepted: R2 and the queue are away as well, and a refusal is honest. */
  readonly refuseAboveBytes: number;
}

/**
 * An object may hold 10 GB; a tenth leaves the platform's own limit out of sight. 200,000 rows are more than half an hour
 * of one object at 100 exchanges a second, and still a quick scan.
 */
export const shelfLimits: ShelfLimits = {
  spillAboveBytes: 512 * 1024 * 1024,
  spillAboveRows: 200_000,
  refuseAboveBytes: 1024 * 1024 * 1024,
};

/** What one message needs on the shelf. */
export interface ShelfItem {
  readonly traceId: string;
  readonly body: string;
  readonly bytes: number;
}

interface AddedRow {
  readonly row: ShelfRow;
  readonly body: string;
}

export interface ShelfDeps {
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly limits: ShelfLimits;
}

export interface ShelfSize {
  readonly rows: number;
  readonly bytes: number;
  /** Messages that ever moved to R2. */
  readonly spilled: number;
}

type SqlRow<T> = T & Record<string, SqlStorageValue>;

/**
 * The messages of one outbox object in its SQLite: every method is one synchronous step, so nothing interleaves. A message is one row of one
 * table, without an index beside it; what is looked for by trace or by time is found in memory (`ShelfIndex`), which is read anew after an eviction.
 */
export class OutboxShelf {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #deps: ShelfDeps;
  readonly #fresh = new FreshRows();
  readonly #index = new ShelfIndex();
  #lastSeq = 0;

  constructor(storage: DurableObjectStorage, deps: ShelfDeps) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#deps = deps;
    this.#sql.exec(`
      create table if not exists message (
        seq integer primary key,
        trace_id text not null,
        bytes integer not null,
        sends integer not null,
        failures integer not null,
        due_at_ms integer not null,
        -- Last: SQLite reads all that stands before a column, and most statements do not want this one.
        body text not null
      );
      create table if not exists counter (name text primary key, value integer not null) without rowid;
    `);
    const rows = this.#sql.exec<SqlRow<ShelfRow>>(
      `select seq, trace_id "traceId", bytes, sends, failures, due_at_ms "dueAtMs" from message order by seq`,
    );
    for (const row of rows) {
      this.#index.set(row);
      this.#lastSeq = row.seq;
    }
  }

  /**
   * Puts messages on the shelf; all or none. One that is there already stays as it is. They are written as claimed, for the next `claimDue` of
   * this object: a claim of its own would write each row, body and all, a second time.
   * @throws MillraceError `state-unavailable` when the shelf is full
   */
  add(items: readonly ShelfItem[]): void {
    const incoming = items.reduce((sum, item) => sum + item.bytes, 0);
    if (this.#index.bytes + incoming > this.#deps.limits.refuseAboveBytes) {
      throw new MillraceError("state-unavailable", { message: "the trace outbox is full", retryAfterSeconds: 60 });
    }
    const own = [...new Map(items.map((item) => [item.traceId, item])).values()];
    const added = own.filter(({ traceId }) => !this.#index.has(traceId)).map((item) => this.#rowOf(item));
    const groups: AddedRow[][] = [];
    for (let at = 0; at < added.length; at += MAX_INSERT_ROWS) groups.push(added.slice(at, at + MAX_INSERT_ROWS));
    const [only, ...others] = groups;
    if (only === undefined) return;
    // One statement is a transaction by itself.
    if (others.length === 0) this.#insert(only);
    else this.#storage.transactionSync(() => groups.forEach((group) => this.#insert(group)));
    for (const { row, body } of added) {
      this.#index.set(row);
      this.#fresh.add({ ...row, body });
    }
  }

  #rowOf({ traceId, bytes, body }: ShelfItem): AddedRow {
    const state = { sends: 1, failures: 0 };
    const dueAtMs = decideResend(state, { nowMs: this.#deps.now(), random: this.#deps.random() });
    return { row: { seq: ++this.#lastSeq, traceId, bytes, ...state, dueAtMs }, body };
  }

  #insert(added: readonly AddedRow[]): void {
    const values = added.flatMap(({ row, body }) => [row.seq, row.traceId, body, row.bytes, row.dueAtMs]);
    const places = Array.from(added, () => "(?, ?, ?, ?, 1, 0, ?)").join(", ");
    this.#sql.exec(
      `insert into message (seq, trace_id, body, bytes, sends, failures, due_at_ms) values ${places}`,
      ...values,
    );
  }

  /** How many messages this object has added and not claimed yet. */
  get unclaimed(): number {
    return this.#fresh.unclaimed;
  }

  /** Drops messages that are safe elsewhere; ids that are not here do nothing. */
  remove(traceIds: readonly string[]): void {
    this.removeRows(traceIds.flatMap((traceId) => this.#index.seqOf(traceId) ?? []));
  }

  removeRows(seqs: readonly number[]): void {
    if (seqs.length === 0) return;
    this.#sql.exec("delete from message where seq in (select value from json_each(?))", JSON.stringify(seqs));
    for (const seq of seqs) {
      this.#index.delete(seq);
      this.#fresh.forget(seq);
    }
  }

  /**
   * The oldest messages that are due, and those that this object has just added. They count as sent from here on: should the object die before the queue answers,
   * they are due again after the usual wait, without anyone having to remember them.
   */
  claimDue(): ClaimedRow[] {
    const nowMs = this.#deps.now();
    const rows: ShelfRow[] = [];
    for (const row of this.#index.rows()) {
      if (row.dueAtMs <= nowMs) rows.push(row);
      if (rows.length === MAX_CLAIM_ROWS) break;
    }
    const fresh = this.#fresh.claim();
    if (rows.length === 0) return fresh;
    this.#schedule(rows.map((row) => ({ ...row, sends: row.sends + 1, failures: 0 })));
    // A row that waited here for long may have become due as well.
    const due = new Set(rows.map((row) => row.seq));
    return [...rows, ...fresh.filter((row) => !due.has(row.seq))];
  }

  /** The queue refused these: due again on the short schedule. Takes the rows as `claimDue` gave them. */
  releaseFailed(rows: readonly ClaimedRow[]): void {
    this.#schedule(rows.map((row) => ({ ...row, failures: row.failures + 1 })));
  }

  #schedule(rows: readonly ClaimedRow[]): void {
    const nowMs = this.#deps.now();
    const changes = rows.map((row) => [
      row.seq,
      row.sends,
      row.failures,
      decideResend(row, { nowMs, random: this.#deps.random() }),
    ]);
    this.#sql.exec(
      `update message set sends = value ->> 1, failures = value ->> 2, due_at_ms = value ->> 3
       from json_each(?) where message.seq = value ->> 0`,
      JSON.stringify(changes),
    );
    for (const [seq = 0, sends = 0, failures = 0, dueAtMs = 0] of changes) {
      const row = this.#index.get(seq);
      if (row !== undefined) this.#index.set({ ...row, sends, failures, dueAtMs });
    }
  }

  /**
   * What the queue gets for rows that are still here, oldest first: the message, or its name when no queue message can hold it.
   * @param outbox the name of this shelf's object
   */
  queueTexts(seqs: readonly number[], outbox: string): string[] {
    const held = seqs.map((seq) => this.#fresh.take(seq));
    const known = held.filter((row) => row !== undefined);
    const rows = known.length === seqs.length ? known : this.#queueRows(seqs);
    return rows.map(({ traceId, bytes, body }) => body ?? nameText({ trace_id: traceId, outbox, bytes }));
  }

  #queueRows(seqs: readonly number[]): { traceId: string; bytes: number; body: string | null }[] {
    return this.#sql
      .exec<SqlRow<{ traceId: string; bytes: number; body: string | null }>>(
        `select trace_id "traceId", bytes, case when bytes <= ? then body end body from message
         where seq in (select value from json_each(?)) order by seq`,
        MAX_QUEUE_MESSAGE_BYTES,
        JSON.stringify(seqs),
      )
      .toArray();
  }

  /** The messages of these traces that are still here. */
  texts(traceIds: readonly string[]): TraceText[] {
    const seqs = traceIds.flatMap((traceId) => this.#index.seqOf(traceId) ?? []);
    return this.bodies(seqs).flatMap(({ seq, body }) => {
      const row = this.#index.get(seq);
      return row === undefined ? [] : [{ traceId: row.traceId, text: body }];
    });
  }

  /** The bodies of rows that are still here, oldest first. */
  bodies(seqs: readonly number[]): { readonly seq: number; readonly body: string }[] {
    const keys = JSON.stringify(seqs);
    return this.#sql
      .exec<SqlRow<{ seq: number; body: string }>>(
        "select seq, body from message where seq in (select value from json_each(?)) order by seq",
        keys,
      )
      .toArray();
  }

  /** The oldest messages, while the shelf holds more than its limits; empty when it does not. At most `maxBytes` together. */
  overflow(maxBytes: number): { readonly seq: number; readonly body: string }[] {
    const { limits } = this.#deps;
    if (this.#index.bytes <= limits.spillAboveBytes && this.#index.size <= limits.spillAboveRows) return [];
    const seqs: number[] = [];
    let bytes = 0;
    for (const row of this.#index.rows()) {
      bytes += row.bytes;
      if (seqs.length === MAX_CLAIM_ROWS || (bytes > maxBytes && seqs.length > 0)) break;
      seqs.push(row.seq);
    }
    return this.bodies(seqs);
  }

  countSpilled(messages: number): void {
    this.#sql.exec(
      "insert into counter values ('spilled', ?) on conflict (name) do update set value = value + excluded.value",
      messages,
    );
  }

  /** When the next message is due, in milliseconds since the epoch; null when the shelf is empty. */
  nextDueMs(): number | null {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.#index.rows()) nextMs = Math.min(nextMs, dueAtMs);
    return Number.isFinite(nextMs) ? nextMs : null;
  }

  size(): ShelfSize {
    const counted = this.#sql
      .exec<SqlRow<{ value: number }>>("select value from counter where name = 'spilled'")
      .toArray();
    return { rows: this.#index.size, bytes: this.#index.bytes, spilled: counted[0]?.value ?? 0 };
  }
}

/** The message as it lies on the shelf and travels in the queue: JSON text, whose escapes carry lone surrogates and NUL. */
export function shelfItem({ traceId, text }: TraceText): ShelfItem {
  return { traceId, body: text, bytes: new TextEncoder().encode(text).byteLength };
}
