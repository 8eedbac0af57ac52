import { MillraceError, type TraceText } from "@millrace/core/contract";
import { decideResend, type ResendState } from "./decide-resend.ts";
import { MAX_QUEUE_MESSAGE_BYTES } from "./pack-batches.ts";
import { nameText } from "./shelf-name.ts";

/** Messages taken off the shelf for sending in one go; bounds memory and the time that one claim holds the object. */
const MAX_CLAIM_ROWS = 1_000;

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

export interface ClaimedRow extends ResendState {
  readonly seq: number;
  readonly bytes: number;
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
 * The messages of one outbox object in its SQLite: every method is one synchronous step, so nothing interleaves. What is
 * kept in memory (`#rows`, `#bytes`) is a cache of what the tables say and is read anew after an eviction.
 */
export class OutboxShelf {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #deps: ShelfDeps;
  #rows: number;
  #bytes: number;

  constructor(storage: DurableObjectStorage, deps: ShelfDeps) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#deps = deps;
    this.#sql.exec(`
      create table if not exists message (
        seq integer primary key autoincrement,
        trace_id text not null unique,
        body text not null,
        bytes integer not null,
        sends integer not null default 0,
        failures integer not null default 0,
        due_at_ms integer not null
      );
      create index if not exists message_due on message (due_at_ms);
      create table if not exists counter (name text primary key, value integer not null) without rowid;
    `);
    const held = this.#sql
      .exec<SqlRow<{ n: number; b: number }>>("select count(*) n, coalesce(sum(bytes), 0) b from message")
      .one();
    this.#rows = held.n;
    this.#bytes = held.b;
  }

  /**
   * Puts messages on the shelf, due at once; all or none. One that is there already stays as it is.
   * @throws MillraceError `state-unavailable` when the shelf is full
   */
  add(items: readonly ShelfItem[]): void {
    const incoming = items.reduce((sum, item) => sum + item.bytes, 0);
    if (this.#bytes + incoming > this.#deps.limits.refuseAboveBytes) {
      throw new MillraceError("state-unavailable", { message: "the trace outbox is full", retryAfterSeconds: 60 });
    }
    const nowMs = this.#deps.now();
    const added = this.#storage.transactionSync(() => items.filter((item) => this.#insert(item, nowMs)));
    this.#rows += added.length;
    this.#bytes += added.reduce((sum, item) => sum + item.bytes, 0);
  }

  #insert(item: ShelfItem, nowMs: number): boolean {
    const cursor = this.#sql.exec(
      "insert into message (trace_id, body, bytes, due_at_ms) values (?, ?, ?, ?) on conflict do nothing returning seq",
      item.traceId,
      item.body,
      item.bytes,
      nowMs,
    );
    return cursor.toArray().length > 0;
  }

  /** Drops messages that are safe elsewhere; ids that are not here do nothing. */
  remove(traceIds: readonly string[]): void {
    const ids = JSON.stringify(traceIds);
    this.#forget("delete from message where trace_id in (select value from json_each(?)) returning bytes", ids);
  }

  removeRows(seqs: readonly number[]): void {
    this.#forget(
      "delete from message where seq in (select value from json_each(?)) returning bytes",
      JSON.stringify(seqs),
    );
  }

  #forget(statement: string, keys: string): void {
    const gone = this.#sql.exec<SqlRow<{ bytes: number }>>(statement, keys).toArray();
    this.#rows -= gone.length;
    this.#bytes -= gone.reduce((sum, row) => sum + row.bytes, 0);
  }

  /**
   * The oldest messages that are due. They count as sent from here on: should the object die before the queue answers,
   * they are due again after the usual wait, without anyone having to remember them.
   */
  claimDue(): ClaimedRow[] {
    const nowMs = this.#deps.now();
    const rows = this.#sql
      .exec<SqlRow<{ seq: number; bytes: number; sends: number; failures: number }>>(
        "select seq, bytes, sends, failures from message where due_at_ms <= ? order by seq limit ?",
        nowMs,
        MAX_CLAIM_ROWS,
      )
      .toArray();
    this.#schedule(rows.map((row) => ({ ...row, sends: row.sends + 1, failures: 0 })));
    return rows;
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
  }

  /**
   * What the queue gets for rows that are still here, oldest first: the message, or its name when no queue message can hold it.
   * @param outbox the name of this shelf's object
   */
  queueTexts(seqs: readonly number[], outbox: string): string[] {
    return this.#sql
      .exec<SqlRow<{ trace_id: string; bytes: number; body: string | null }>>(
        `select trace_id, bytes, case when bytes <= ? then body end body from message
         where seq in (select value from json_each(?)) order by seq`,
        MAX_QUEUE_MESSAGE_BYTES,
        JSON.stringify(seqs),
      )
      .toArray()
      .map(({ trace_id, bytes, body }) => body ?? nameText({ trace_id, outbox, bytes }));
  }

  /** The messages of these traces that are still here. */
  texts(traceIds: readonly string[]): TraceText[] {
    return this.#sql
      .exec<SqlRow<{ trace_id: string; body: string }>>(
        "select trace_id, body from message where trace_id in (select value from json_each(?))",
        JSON.stringify(traceIds),
      )
      .toArray()
      .map((row) => ({ traceId: row.trace_id, text: row.body }));
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
    if (this.#bytes <= limits.spillAboveBytes && this.#rows <= limits.spillAboveRows) return [];
    const seqs: number[] = [];
    let bytes = 0;
    const oldest = this.#sql.exec<SqlRow<{ seq: number; bytes: number }>>(
      "select seq, bytes from message order by seq limit ?",
      MAX_CLAIM_ROWS,
    );
    for (const row of oldest) {
      bytes += row.bytes;
      if (bytes > maxBytes && seqs.length > 0) break;
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
    return this.#sql.exec<SqlRow<{ due: number | null }>>("select min(due_at_ms) due from message").one().due;
  }

  size(): ShelfSize {
    const counted = this.#sql
      .exec<SqlRow<{ value: number }>>("select value from counter where name = 'spilled'")
      .toArray();
    return { rows: this.#rows, bytes: this.#bytes, spilled: counted[0]?.value ?? 0 };
  }
}

/** The message as it lies on the shelf and travels in the queue: JSON text, whose escapes carry lone surrogates and NUL. */
export function shelfItem({ traceId, text }: TraceText): ShelfItem {
  return { traceId, body: text, bytes: new TextEncoder().encode(text).byteLength };
}
