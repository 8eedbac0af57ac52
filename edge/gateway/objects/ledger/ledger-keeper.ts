import type { Amounts, BudgetAudit, ExchangeState, LedgerAudit } from "@millrace/core/ledger";
import type { BookDeps, LedgerBook } from "./ledger-book.ts";

/** Rows of one alarm: a transaction of a few milliseconds, between which others are answered. */
const BATCH = 500;

interface SideRow extends Record<string, SqlStorageValue> {
  readonly budget: string;
  readonly sr: number;
  readonly st: number;
  readonly su: number;
  readonly hr: number;
  readonly ht: number;
  readonly hu: number;
}

interface Side {
  readonly spent: Amounts;
  readonly reserved: Amounts;
}

const NOTHING: Side = {
  spent: { requests: 0, tokens: 0, usd_micros: 0 },
  reserved: { requests: 0, tokens: 0, usd_micros: 0 },
};

function sideOf(row: SideRow): Side {
  return {
    spent: { requests: row.sr, tokens: row.st, usd_micros: row.su },
    reserved: { requests: row.hr, tokens: row.ht, usd_micros: row.hu },
  };
}

function sameAmounts(a: Amounts, b: Amounts): boolean {
  return a.requests === b.requests && a.tokens === b.tokens && a.usd_micros === b.usd_micros;
}

/** What a ledger does when nobody calls: sweeps what was never settled, drops what is over, and can say whether both sides agree. */
export class LedgerKeeper {
  readonly #sql: SqlStorage;
  readonly #book: LedgerBook;
  readonly #deps: BookDeps;

  constructor(sql: SqlStorage, book: LedgerBook, deps: BookDeps) {
    this.#sql = sql;
    this.#book = book;
    this.#deps = deps;
  }

  /** One batch. @returns whether more is due now. */
  keep(): boolean {
    return this.#book.atomically(() => {
      const nowMs = this.#deps.nowMs();
      const due = [
        ...this.#sql.exec<{ id: string; state: string }>(
          "select id, state from exchange where due_ms <= ? order by due_ms limit ?",
          nowMs,
          BATCH,
        ),
      ];
      for (const { id, state } of due) {
        if (state === "held") this.#book.assume(id);
        else this.#archiveExchange(id);
      }
      const dropped = this.#dropBuckets(nowMs);
      return due.length === BATCH || dropped === BATCH;
    });
  }

  /** When there is something to do next; undefined when there is nothing on the books. */
  nextDueMs(): number | undefined {
    const { due } = this.#sql
      .exec<{ due: number | null }>(
        `select min(due) due from (select min(due_ms) due from exchange union all select min(expires_ms) from bucket where lines = 0)`,
      )
      .one();
    return due ?? undefined;
  }

  #archiveExchange(id: string): void {
    this.#sql.exec(
      `insert into archive (side, budget, r, t, u)
       select 'exchange', a.budget, sum(e.r), coalesce(sum(e.t), 0), coalesce(sum(e.u), 0)
       from line l join account a on a.id = l.account join exchange e on e.id = l.exchange where l.exchange = ? group by a.budget
       on conflict (side, budget) do update set r = r + excluded.r, t = t + excluded.t, u = u + excluded.u`,
      id,
    );
    this.#sql.exec(
      "update bucket set lines = lines - 1 where (account, slot) in (select account, slot from line where exchange = ?)",
      id,
    );
    this.#sql.exec("delete from line where exchange = ?", id);
    this.#sql.exec("delete from exchange where id = ?", id);
  }

  #dropBuckets(nowMs: number): number {
    const over = [
      ...this.#sql.exec<{ account: number; slot: number }>(
        "select account, slot from bucket where lines = 0 and expires_ms <= ? limit ?",
        nowMs,
        BATCH,
      ),
    ];
    for (const { account, slot } of over) {
      this.#sql.exec(
        `insert into archive (side, budget, r, t, u)
         select 'account', a.budget, b.spent_r, b.spent_t, b.spent_u from bucket b join account a on a.id = b.account
         where b.account = ? and b.slot = ?
         on conflict (side, budget) do update set r = r + excluded.r, t = t + excluded.t, u = u + excluded.u`,
        account,
        slot,
      );
      this.#sql.exec("delete from bucket where account = ? and slot = ?", account, slot);
    }
    this.#book.accounts.dropUnused(over.map(({ account }) => account));
    return over.length;
  }

  /** Adds both sides up, what was compacted included, and compares them. */
  audit(): LedgerAudit {
    const accounts = this.#sides(`
      select budget, sum(sr) sr, sum(st) st, sum(su) su, sum(hr) hr, sum(ht) ht, sum(hu) hu from (
        select a.budget, b.spent_r sr, b.spent_t st, b.spent_u su, b.held_r hr, b.held_t ht, b.held_u hu
          from bucket b join account a on a.id = b.account
        union all select budget, r, t, u, 0, 0, 0 from archive where side = 'account') group by budget`);
    const exchanges = this.#sides(`
      select budget, sum(sr) sr, sum(st) st, sum(su) su, sum(hr) hr, sum(ht) ht, sum(hu) hu from (
        select a.budget, iif(e.state = 'held', 0, e.r) sr, iif(e.state = 'held', 0, coalesce(e.t, 0)) st, iif(e.state = 'held', 0, coalesce(e.u, 0)) su,
          iif(e.state = 'held', e.r, 0) hr, iif(e.state = 'held', coalesce(e.t, 0), 0) ht, iif(e.state = 'held', coalesce(e.u, 0), 0) hu
          from line l join exchange e on e.id = l.exchange join account a on a.id = l.account
        union all select a.budget, g.spent_r, g.spent_t, g.spent_u, g.granted_r - g.spent_r, g.granted_t - g.spent_t, g.granted_u - g.spent_u
          from lease g join account a on a.id = g.account
        union all select budget, r, t, u, 0, 0, 0 from archive where side = 'exchange') group by budget`);
    const budgets = [...new Set([...accounts.keys(), ...exchanges.keys()])].toSorted().map((budget): BudgetAudit => {
      const byAccount = accounts.get(budget) ?? NOTHING;
      const byExchange = exchanges.get(budget) ?? NOTHING;
      const balanced =
        sameAmounts(byAccount.spent, byExchange.spent) && sameAmounts(byAccount.reserved, byExchange.reserved);
      return { budget, byAccount, byExchange, balanced };
    });
    const counts: Record<ExchangeState, number> = { held: 0, settled: 0, released: 0, assumed: 0 };
    for (const row of this.#sql.exec<{ state: ExchangeState; n: number }>(
      "select state, count(*) n from exchange group by state",
    ))
      counts[row.state] = row.n;
    return { balanced: budgets.every((budget) => budget.balanced), budgets, exchanges: counts };
  }

  #sides(query: string): ReadonlyMap<string, Side> {
    return new Map([...this.#sql.exec<SideRow>(query)].map((row) => [row.budget, sideOf(row)]));
  }
}
