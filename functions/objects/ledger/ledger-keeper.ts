import type { Amounts, BudgetAudit, LedgerAudit } from "@millrace/core/ledger";
import { type BookDeps, type LedgerBook, PART_MARK } from "./ledger-book.ts";

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

/** What a line belongs to. */
type Owner = "reservation" | "exchange";

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
      const reservations = this.#due("reservation", nowMs);
      for (const id of reservations) if (!this.#book.assume(id)) this.#archive("reservation", id);
      const exchanges = this.#due("exchange", nowMs);
      for (const id of exchanges) this.#archive("exchange", id);
      const dropped = this.#dropBuckets(nowMs);
      return [reservations.length, exchanges.length, dropped].includes(BATCH);
    });
  }

  /** When there is something to do next; undefined when there is nothing on the books. */
  nextDueMs(): number | undefined {
    const { due } = this.#sql
      .exec<{ due: number | null }>(
        `select min(due) due from (select min(due_ms) due from exchange union all select min(due_ms) from reservation
         union all select min(expires_ms) from bucket where lines = 0)`,
      )
      .one();
    return due ?? undefined;
  }

  #due(table: Owner, nowMs: number): readonly string[] {
    const query = `select id from ${table} where due_ms <= ? order by due_ms limit ?`;
    return [...this.#sql.exec<{ id: string }>(query, nowMs, BATCH)].map(({ id }) => id);
  }

  /** What it took goes into the sums; of a reservation, what was assumed and never put right. */
  #archive(table: Owner, id: string): void {
    this.#sql.exec(
      `insert into archive (side, budget, r, t, u)
       select 'exchange', a.budget, sum(o.r), coalesce(sum(o.t), 0), coalesce(sum(o.u), 0)
       from line l join account a on a.id = l.account join ${table} o on o.id = l.owner where l.owner = ? group by a.budget
       on conflict (side, budget) do update set r = r + excluded.r, t = t + excluded.t, u = u + excluded.u`,
      id,
    );
    this.#sql.exec(
      "update bucket set lines = lines - 1 where (account, slot) in (select account, slot from line where owner = ?)",
      id,
    );
    this.#sql.exec("delete from line where owner = ?", id);
    this.#sql.exec(`delete from ${table} where id = ?`, id);
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
        select a.budget, e.r sr, e.t st, e.u su, 0 hr, 0 ht, 0 hu from line l join exchange e on e.id = l.owner join account a on a.id = l.account
        union all select a.budget, iif(o.state = 'held', 0, o.r), iif(o.state = 'held', 0, coalesce(o.t, 0)), iif(o.state = 'held', 0, coalesce(o.u, 0)),
          iif(o.state = 'held', o.r, 0), iif(o.state = 'held', coalesce(o.t, 0), 0), iif(o.state = 'held', coalesce(o.u, 0), 0)
          from line l join reservation o on o.id = l.owner join account a on a.id = l.account
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
    return { balanced: budgets.every((budget) => budget.balanced), budgets, ...this.#counts() };
  }

  #counts(): Pick<LedgerAudit, "settled" | "setAside" | "reservations"> {
    const { settled, setAside, held, assumed } = this.#sql
      .exec<{ settled: number; setAside: number; held: number; assumed: number }>(
        `select (select count(*) from exchange where instr(id, '${PART_MARK}') = 0) settled, (select count(*) from set_aside) setAside, count(*) filter (where state = 'held') held, count(*) filter (where state = 'assumed') assumed
         from reservation where r > 0 or coalesce(t, 0) > 0 or coalesce(u, 0) > 0`,
      )
      .one();
    return { settled, setAside, reservations: { held, assumed } };
  }

  #sides(query: string): ReadonlyMap<string, Side> {
    return new Map([...this.#sql.exec<SideRow>(query)].map((row) => [row.budget, sideOf(row)]));
  }
}
