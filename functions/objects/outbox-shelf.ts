import { MillraceError, type TraceText } from "@millrace/core/contract";
import { decideResend } from "./decide-resend.ts";
import { type ClaimedRow, FreshRows } from "./fresh-rows.ts";
import { MAX_QUEUE_MESSAGE_BYTES } from "./pack-batches.ts";
import { nameText } from "./shelf-name.ts";

/** Messages taken off the shelf for sending in one go; bounds memory and the time that one claim holds the object. */
export const MAX_CLAIM_ROWS = 1_000;
/** A statement takes 100 parameters; a message needs four. */
const MAX_INSERT_ROWS = 25;

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
  readonly #fresh = new FreshRows();
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
        bytes integer not null,
        sends integer not null default 0,
        failures integer not null default 0,
        due_at_ms integer not null,
        -- Last: SQLite reads all that stands before a column, and most statements do not want this one.
        body text not null
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
   * Puts messages on the shelf; all or none. One that is there already stays as it is. They are written as claimed, for the next `claimDue` of
   * this object: a claim of its own would write each row, body and all, a second time.
   * @throws MillraceError `state-unavailable` when the shelf is full
   */
  add(items: readonly ShelfItem[]): void {
    const incoming = items.reduce((sum, item) => sum + item.bytes, 0);
    if (this.#bytes + incoming > this.#deps.limits.refuseAboveBytes) {
      throw new MillraceError("state-unavailable", { message: "the trace outbox is full", retryAfterSeconds: 60 });
    }
    const groups: ShelfItem[][] = [];
    for (let at = 0; at < items.length; at += MAX_INSERT_ROWS) groups.push(items.slice(at, at + MAX_INSERT_ROWS));
    const [only, ...others] = groups;
    if (only === undefined) return;
    // One statement is a transaction by itself.
    const added =
      others.length === 0
        ? this.#insert(only)
        : this.#storage.transactionSync(() => groups.flatMap((group) => this.#insert(group)));
    for (const row of added) {
      this.#rows++;
      this.#bytes += row.bytes;
      this.#fresh.add(row);
    }
  }

  #insert(items: readonly ShelfItem[]): (ShelfItem & { readonly seq: number })[] {
    const nowMs = this.#deps.now();
    const values = items.flatMap(({ traceId, body, bytes }) => {
      const dueAtMs = decideResend({ sends: 1, failures: 0 }, { nowMs, random: this.#deps.random() });
      return [traceId, body, bytes, dueAtMs];
    });
    const places = "(?, ?, ?, 1, ?), ".repeat(items.length).slice(0, -2);
    const seqs = this.#sql
      .exec<SqlRow<{ seq: number; trace_id: string }>>(
        `insert into message (trace_id, body, bytes, sends, due_at_ms) values ${places}
         on conflict do nothing returning seq, trace_id`,
        ...values,
      )
      .toArray();
    const byId = new Map(items.map((item) => [item.traceId, item]));
    return seqs.flatMap(({ seq, trace_id }) => {
      const item = byId.get(trace_id);
      return item === undefined ? [] : [{ ...item, seq }];
    });
  }

  /** How many messages this object has added and not claimed yet. */
  get unclaimed(): number {
    return this.#fresh.unclaimed;
  }

  /** Drops messages that are safe elsewhere; ids that are not here do nothing. */
  remove(traceIds: readonly string[]): void {
    const ids = JSON.stringify(traceIds);
    this.#forget("delete from message where trace_id in (select value from json_each(?)) returning seq, bytes", ids);
  }

  removeRows(seqs: readonly number[]): void {
    this.#forget(
      "delete from message where seq in (select value from json_each(?)) returning seq, bytes",
      JSON.stringify(seqs),
    );
  }

  #forget(statement: string, keys: string): void {
    const gone = this.#sql.exec<SqlRow<{ seq: number; bytes: number }>>(statement, keys).toArray();
    for (const { seq, bytes } of gone) {
      this.#rows--;
      this.#bytes -= bytes;
      this.#fresh.forget(seq);
    }
  }

  /**
   * The oldest messages that are due, and those that this object has just added. They count as sent from here on: should the object die before the queue answers,
   * they are due again after the usual wait, without anyone having to remember them.
   */
  claimDue(): ClaimedRow[] {
    const nowMs = this.#deps.now();
    const rows = this.#sql
      .exec<SqlRow<{ seq: number; bytes: number; sends: number; failures: number }>>(
        // By due time, for which there is an index: in order of seq, all that is there would be read to find that little is due.
        "select seq, bytes, sends, failures from message where due_at_ms <= ? order by due_at_ms limit ?",
        nowMs,
        MAX_CLAIM_ROWS,
      )
      .toArray()
      .sort((a, b) => a.seq - b.seq);
    const fresh = this.#fresh.claim();
    if (rows.length === 0) return fresh;
    this.#schedule(rows.map((row) => ({ ...row, sends: row.sends + 1, failures: 0 })));
    // A row that waited here for long may have become due in the table as well.
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
