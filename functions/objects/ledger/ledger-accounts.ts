import type { BudgetWindow } from "@millrace/core/contract";
import {
  type AccountState,
  type Amounts,
  type LedgerEntry,
  type LedgerUsage,
  type Metric,
  metrics,
  windowLengthMs,
  type WindowSlot,
  windowSlot,
} from "@millrace/core/ledger";
import type { BucketRow } from "./ledger-schema.ts";

/** One entry of a request, with the row that it is booked in. */
export interface Seat {
  readonly entry: LedgerEntry;
  readonly account: number;
  readonly slot: WindowSlot;
}

export interface Standing {
  readonly spent: Amounts;
  readonly reserved: Amounts;
  /** When the oldest amount leaves the window; undefined while there is none. */
  readonly nextExpiryMs: number | undefined;
}

/** Row ids are read once; more accounts than this are read again. */
const MAX_KNOWN_ACCOUNTS = 20_000;

interface SumRow extends Record<string, SqlStorageValue> {
  readonly sr: number;
  readonly st: number;
  readonly su: number;
  readonly hr: number;
  readonly ht: number;
  readonly hu: number;
  readonly next: number | null;
}

interface UsageRow extends SumRow {
  readonly budget: string;
  readonly subject: string;
  readonly window: string;
  readonly ut: number;
  readonly uu: number;
}

const SUMS = `coalesce(sum(b.spent_r), 0) sr, coalesce(sum(b.spent_t), 0) st, coalesce(sum(b.spent_u), 0) su,
  coalesce(sum(b.held_r), 0) hr, coalesce(sum(b.held_t), 0) ht, coalesce(sum(b.held_u), 0) hu, min(b.expires_ms) next`;

function standingOf(row: SumRow): Standing {
  return {
    spent: { requests: row.sr, tokens: row.st, usd_micros: row.su },
    reserved: { requests: row.hr, tokens: row.ht, usd_micros: row.hu },
    nextExpiryMs: row.next ?? undefined,
  };
}

function inBucket(row: BucketRow, metric: Metric): number {
  if (metric === "requests") return row.spent_r + row.held_r;
  return metric === "tokens" ? row.spent_t + row.held_t : row.spent_u + row.held_u;
}

/** The accounts of a ledger: where an entry is booked, and how an account stands. Reads only, but for making an account's row. */
export class LedgerAccounts {
  readonly #sql: SqlStorage;
  readonly #ids = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  seats(entries: readonly LedgerEntry[], nowMs: number): readonly Seat[] {
    return entries.map((entry) => ({ entry, account: this.#idOf(entry), slot: windowSlot(entry.window, nowMs) }));
  }

  #idOf({ budget, account, window }: LedgerEntry): number {
    const windowText = JSON.stringify(window);
    const name = `${budget}\n${account}\n${windowText}`;
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    this.#sql.exec(
      "insert or ignore into account (budget, subject, window) values (?, ?, ?)",
      budget,
      account,
      windowText,
    );
    const { id } = this.#sql
      .exec<{ id: number }>(
        "select id from account where budget = ? and subject = ? and window = ?",
        budget,
        account,
        windowText,
      )
      .one();
    if (this.#ids.size >= MAX_KNOWN_ACCOUNTS) this.#ids.clear();
    this.#ids.set(name, id);
    return id;
  }

  /** After accounts were dropped, and after a transaction that made some was rolled back. */
  forgetIds(): void {
    this.#ids.clear();
  }

  /** Drops the rows of these accounts where nothing is booked in them and no alert names them: a refusal leaves no trace. */
  dropUnused(accounts: readonly number[]): void {
    let dropped = 0;
    for (const account of accounts)
      dropped += this.#sql.exec(
        `delete from account where id = ?1 and not exists (select 1 from bucket where account = ?1)
           and not exists (select 1 from alert where account = ?1)`,
        account,
      ).rowsWritten;
    if (dropped > 0) this.forgetIds();
  }

  standing(account: number, nowMs: number): Standing {
    const row = this.#sql
      .exec<SumRow>(`select ${SUMS} from bucket b where b.account = ? and b.expires_ms > ?`, account, nowMs)
      .one();
    return standingOf(row);
  }

  /** How each limit of each entry stands. */
  states(seats: readonly Seat[], nowMs: number): readonly AccountState[] {
    return seats.flatMap(({ entry, account, slot }) => {
      const { spent, reserved, nextExpiryMs } = this.standing(account, nowMs);
      return metrics.flatMap((metric): AccountState[] => {
        const limit = entry.limit[metric];
        if (limit === undefined) return [];
        return [
          {
            budget: entry.budget,
            account: entry.account,
            metric,
            limit,
            spent: spent[metric],
            reserved: reserved[metric],
            resetsAtMs: entry.window.kind === "calendar" ? slot.expiresAtMs : (nextExpiryMs ?? nowMs),
            windowMs: windowLengthMs(entry.window),
          },
        ];
      });
    });
  }

  /** When so much of a rolling window has left that `missing` more would fit. */
  roomAtMs(account: number, metric: Metric, { missing, nowMs }: { missing: number; nowMs: number }): number {
    let freed = 0;
    let atMs = nowMs;
    const rows = this.#sql.exec<BucketRow>(
      "select * from bucket where account = ? and expires_ms > ? order by expires_ms",
      account,
      nowMs,
    );
    for (const row of rows) {
      freed += inBucket(row, metric);
      atMs = row.expires_ms;
      if (freed >= missing) break;
    }
    return atMs;
  }

  /** Accounts with something in their window, the most used first. */
  usage(
    query: { readonly budget?: string | undefined; readonly limit: number },
    nowMs: number,
  ): readonly LedgerUsage[] {
    const rows = this.#sql.exec<UsageRow>(
      `select a.budget, a.subject, a.window, ${SUMS}, coalesce(sum(b.unknown_t), 0) ut, coalesce(sum(b.unknown_u), 0) uu
       from account a join bucket b on b.account = a.id
       where b.expires_ms > ? and (? is null or a.budget = ?) group by a.id order by su desc, st desc, sr desc, a.id limit ?`,
      nowMs,
      query.budget ?? null,
      query.budget ?? null,
      query.limit,
    );
    return [...rows].map((row) => {
      const { spent, reserved, nextExpiryMs } = standingOf(row);
      return {
        budget: row.budget,
        account: row.subject,
        window: JSON.parse(row.window) as BudgetWindow,
        spent,
        reserved,
        unknownTokens: row.ut,
        unknownCost: row.uu,
        resetsAtMs: nextExpiryMs ?? nowMs,
      };
    });
  }
}
