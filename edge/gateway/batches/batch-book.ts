import type { BatchRecord } from "./batch-record.ts";

/** Of one row: SQLite's bound in a Durable Object is 2 MB, and a character is at most three bytes. */
const CHARS_PER_ROW = 500_000;

export interface LinePlace {
  /** Position among the lines, from 0. */
  readonly n: number;
  readonly customId: string;
  /** Bytes of the input file. */
  readonly start: number;
  readonly length: number;
}

export interface OpenLine extends LinePlace {
  readonly attempts: number;
}

export type LineState = "completed" | "failed";
const states: Readonly<Record<LineState, number>> = { completed: 1, failed: 2 };
const OPEN = 0;

interface LineRow extends Record<string, SqlStorageValue> {
  n: number;
  custom_id: string;
  start: number;
  length: number;
  attempts: number;
}

const placeOf = (row: LineRow): OpenLine => ({
  n: row.n,
  customId: row.custom_id,
  start: row.start,
  length: row.length,
  attempts: row.attempts,
});

/** What a batch remembers: itself, its lines, and the results of those that are over. Every call is one synchronous transaction. */
export class BatchBook {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  #sql<T extends Record<string, SqlStorageValue>>(query: string, ...values: SqlStorageValue[]): SqlStorageCursor<T> {
    return this.#storage.sql.exec<T>(query, ...values);
  }

  #create(): void {
    this.#sql("create table if not exists batch (id integer primary key check (id = 1), json text not null)");
    this.#sql(
      `create table if not exists lines (n integer primary key, custom_id text not null, start integer not null, length integer not null,
        state integer not null default 0, attempts integer not null default 0, due_at_ms integer not null default 0)`,
    );
    this.#sql("create index if not exists lines_due on lines (state, due_at_ms)");
    this.#sql(
      "create table if not exists results (n integer, part integer, text text not null, primary key (n, part)) without rowid",
    );
  }

  /** Undefined = nothing was ever begun here. Leaves nothing behind when asked of an object that is nobody's. */
  read(): BatchRecord | undefined {
    const known = this.#sql<{ name: string }>("select name from sqlite_master where name = 'batch'").toArray();
    if (known.length === 0) return undefined;
    const [row] = this.#sql<{ json: string }>("select json from batch").toArray();
    return row === undefined ? undefined : (JSON.parse(row.json) as BatchRecord);
  }

  write(record: BatchRecord): void {
    this.#create();
    this.#sql(
      "insert into batch values (1, ?) on conflict (id) do update set json = excluded.json",
      JSON.stringify(record),
    );
  }

  /** Forgets the lines of a validation that did not come to its end. */
  clearLines(): void {
    this.#sql("delete from results");
    this.#sql("delete from lines");
  }

  addLines(places: readonly LinePlace[]): void {
    this.#storage.transactionSync(() => {
      for (const { n, customId, start, length } of places)
        this.#sql("insert into lines (n, custom_id, start, length) values (?, ?, ?, ?)", n, customId, start, length);
    });
  }

  /** Lines that may be asked now, the first first. */
  due(nowMs: number, limit: number): readonly OpenLine[] {
    return this.#sql<LineRow>(
      "select n, custom_id, start, length, attempts from lines where state = ? and due_at_ms <= ? order by n limit ?",
      OPEN,
      nowMs,
      limit,
    )
      .toArray()
      .map(placeOf);
  }

  /** When the next open line is due; undefined = none is open. */
  nextDueMs(): number | undefined {
    const [row] = this.#sql<{ due: number | null }>(
      "select min(due_at_ms) as due from lines where state = ?",
      OPEN,
    ).toArray();
    return row?.due ?? undefined;
  }

  postpone(n: number, dueAtMs: number): void {
    this.#sql("update lines set attempts = attempts + 1, due_at_ms = ? where n = ?", Math.ceil(dueAtMs), n);
  }

  /** A line is over; only the first result of a line counts. */
  finish(n: number, state: LineState, text: string): void {
    this.#storage.transactionSync(() => {
      const open = this.#sql("update lines set state = ? where n = ? and state = ?", states[state], n, OPEN);
      if (open.rowsWritten === 0) return;
      for (let part = 0; part * CHARS_PER_ROW < text.length; part++) {
        const piece = text.slice(part * CHARS_PER_ROW, (part + 1) * CHARS_PER_ROW);
        this.#sql("insert into results values (?, ?, ?)", n, part, piece);
      }
    });
  }

  line(n: number): OpenLine | undefined {
    const [row] = this.#sql<LineRow>(
      "select n, custom_id, start, length, attempts from lines where n = ? and state = ?",
      n,
      OPEN,
    ).toArray();
    return row === undefined ? undefined : placeOf(row);
  }

  counts(): { readonly total: number; readonly completed: number; readonly failed: number } {
    const [row] = this.#sql<{ total: number; completed: number; failed: number }>(
      "select count(*) as total, coalesce(sum(state = 1), 0) as completed, coalesce(sum(state = 2), 0) as failed from lines",
    ).toArray();
    return row ?? { total: 0, completed: 0, failed: 0 };
  }

  /** A page of line numbers in their order, behind `after`. `open`: those that are not over. */
  page(state: LineState | "open", after: number, limit: number): readonly OpenLine[] {
    return this.#sql<LineRow>(
      "select n, custom_id, start, length, attempts from lines where state = ? and n > ? order by n limit ?",
      state === "open" ? OPEN : states[state],
      after,
      limit,
    )
      .toArray()
      .map(placeOf);
  }

  result(n: number): string {
    return this.#sql<{ text: string }>("select text from results where n = ? order by part", n)
      .toArray()
      .map(({ text }) => text)
      .join("");
  }
}
