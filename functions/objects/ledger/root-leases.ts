import {
  type Amounts,
  type LedgerEntry,
  type Metric,
  metrics,
  NO_AMOUNTS,
  type ReserveOutcome,
  type WindowSlot,
} from "@millrace/core/ledger";
import type { LedgerBook } from "./ledger-book.ts";

/** What a shard asks of one bucket. Its amounts are totals since the bucket began, never differences: a message that is lost or repeated harms nothing. */
export interface LeaseAsk {
  readonly entry: LedgerEntry;
  readonly slot: WindowSlot;
  /** All that the shard has spent of the bucket. */
  readonly spent: Amounts;
  readonly unknownTokens: number;
  readonly unknownCost: number;
  /** The least total that the shard can go on with, and what it would like. */
  readonly need: Amounts;
  readonly want: Amounts;
}

export interface LeaseRequest {
  readonly shard: string;
  /** Grows with each request of the shard; one that is overtaken is not carried out. */
  readonly turn: number;
  readonly project: { readonly id: string; readonly slug: string };
  readonly asks: readonly LeaseAsk[];
}

export type LeaseOutcome =
  | { readonly ok: true; readonly granted: readonly Amounts[] }
  | Extract<ReserveOutcome, { ok: false }>;

interface LeaseRow extends Record<string, SqlStorageValue> {
  readonly granted_r: number;
  readonly granted_t: number;
  readonly granted_u: number;
  readonly spent_r: number;
  readonly spent_t: number;
  readonly spent_u: number;
  readonly unknown_t: number;
  readonly unknown_u: number;
}

function each(of: (metric: Metric) => number): Amounts {
  return { requests: of("requests"), tokens: of("tokens"), usd_micros: of("usd_micros") };
}

/** What is needed, and of what is wanted besides at most half of the rest, so that one shard does not take the last from the others. */
function granting(ask: LeaseAsk, metric: Metric, ceiling: number): number {
  const need = Math.max(ask.spent[metric], ask.need[metric]);
  const spare = Math.floor(Math.max(0, ceiling - need) / 2);
  return Math.max(need, Math.min(ask.want[metric], need + spare));
}

/** The root's side of the leases: what a shard may spend is held here before the shard hears of it. */
export class RootLeases {
  readonly #sql: SqlStorage;
  readonly #book: LedgerBook;
  readonly #nowMs: () => number;

  constructor(sql: SqlStorage, book: LedgerBook, nowMs: () => number) {
    this.#sql = sql;
    this.#book = book;
    this.#nowMs = nowMs;
  }

  /** All asks or none. Asking for less than before gives back. @throws Error for a request that was overtaken. */
  grant(request: LeaseRequest): LeaseOutcome {
    return this.#book.atomically(() => {
      this.#take(request);
      const refused = request.asks
        .map((ask) => this.#refusal(request.shard, ask))
        .find((refusal) => refusal !== undefined);
      if (refused !== undefined) {
        // What was spent is true whatever comes of the rest.
        for (const ask of request.asks) this.#set(request.shard, ask, "spent-only");
        return refused;
      }
      return { ok: true, granted: request.asks.map((ask) => this.#set(request.shard, ask, "grant")) };
    });
  }

  /** Books what a shard says that it has spent and still holds: that is so, whatever the limits of today say. @throws Error as above. */
  note(request: LeaseRequest): void {
    this.#book.atomically(() => {
      this.#take(request);
      for (const ask of request.asks) this.#set(request.shard, ask, "grant");
    });
  }

  #take({ shard, turn }: LeaseRequest): void {
    const known = [...this.#sql.exec<{ turn: number }>("select turn from shard_turn where shard = ?", shard)][0];
    if (known !== undefined && known.turn >= turn) throw new Error("the lease request was overtaken by a later one");
    this.#sql.exec("insert or replace into shard_turn (shard, turn) values (?, ?)", shard, turn);
  }

  #row(
    shard: string,
    account: number,
    slot: number,
  ): { granted: Amounts; spent: Amounts; unknown: readonly [number, number] } | undefined {
    const row = [
      ...this.#sql.exec<LeaseRow>(
        "select * from lease where shard = ? and account = ? and slot = ?",
        shard,
        account,
        slot,
      ),
    ][0];
    if (row === undefined) return undefined;
    return {
      granted: { requests: row.granted_r, tokens: row.granted_t, usd_micros: row.granted_u },
      spent: { requests: row.spent_r, tokens: row.spent_t, usd_micros: row.spent_u },
      unknown: [row.unknown_t, row.unknown_u],
    };
  }

  #seatOf(ask: LeaseAsk) {
    const [seat] = this.#book.accounts.seats([ask.entry], this.#nowMs());
    if (seat === undefined) throw new Error("an entry has a seat");
    return { account: seat.account, slot: ask.slot };
  }

  /** What may still be promised of a bucket to this shard, its own grant included. */
  #ceiling(
    shard: string,
    ask: LeaseAsk,
  ): { readonly ceiling: Amounts; readonly standing: Amounts; readonly held: Amounts } {
    const { account, slot } = this.#seatOf(ask);
    const own = this.#row(shard, account, slot.startMs)?.granted ?? NO_AMOUNTS;
    const bucket = [
      ...this.#sql.exec<Record<string, number>>(
        "select * from bucket where account = ? and slot = ?",
        account,
        slot.startMs,
      ),
    ][0];
    const read = (prefix: string): Amounts => ({
      requests: bucket?.[`${prefix}_r`] ?? 0,
      tokens: bucket?.[`${prefix}_t`] ?? 0,
      usd_micros: bucket?.[`${prefix}_u`] ?? 0,
    });
    const [spent, held] = [read("spent"), read("held")];
    const ceiling = each(
      (metric) => (ask.entry.limit[metric] ?? Number.MAX_SAFE_INTEGER) - spent[metric] - held[metric] + own[metric],
    );
    return { ceiling, standing: spent, held };
  }

  #refusal(shard: string, ask: LeaseAsk): Extract<ReserveOutcome, { ok: false }> | undefined {
    if (!ask.entry.blocking) return undefined;
    const { ceiling, standing, held } = this.#ceiling(shard, ask);
    const short = metrics.find((metric) => ask.entry.limit[metric] !== undefined && ask.need[metric] > ceiling[metric]);
    if (short === undefined) return undefined;
    const own = this.#row(shard, this.#seatOf(ask).account, ask.slot.startMs)?.granted ?? NO_AMOUNTS;
    const refusal = {
      budget: ask.entry.budget,
      account: ask.entry.account,
      metric: short,
      limit: ask.entry.limit[short] ?? 0,
      spent: standing[short],
      reserved: held[short],
      resetsAtMs: ask.slot.expiresAtMs,
      windowMs: ask.slot.expiresAtMs - ask.slot.startMs,
    };
    return { ok: false, refusal, asked: Math.max(1, ask.need[short] - own[short]), accounts: [refusal] };
  }

  #set(shard: string, ask: LeaseAsk, mode: "grant" | "spent-only"): Amounts {
    const { account, slot } = this.#seatOf(ask);
    const before = this.#row(shard, account, slot.startMs);
    const { ceiling } = this.#ceiling(shard, ask);
    const granted =
      mode === "spent-only"
        ? each((metric) => Math.max(before?.granted[metric] ?? 0, ask.spent[metric]))
        : each((metric) => granting(ask, metric, ceiling[metric]));
    const was = before ?? { granted: NO_AMOUNTS, spent: NO_AMOUNTS, unknown: [0, 0] as const };
    this.#book.move(account, slot, {
      spent: each((metric) => ask.spent[metric] - was.spent[metric]),
      held: each((metric) => granted[metric] - ask.spent[metric] - (was.granted[metric] - was.spent[metric])),
      unknownTokens: ask.unknownTokens - was.unknown[0],
      unknownCost: ask.unknownCost - was.unknown[1],
      lines: before === undefined ? 1 : 0,
    });
    this.#sql.exec(
      `insert or replace into lease (shard, account, slot, granted_r, granted_t, granted_u, spent_r, spent_t, spent_u, unknown_t, unknown_u)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      shard,
      account,
      slot.startMs,
      ...metrics.map((metric) => granted[metric]),
      ...metrics.map((metric) => ask.spent[metric]),
      ask.unknownTokens,
      ask.unknownCost,
    );
    return granted;
  }

  /** Closes leases whose window is over and that the shard has had the longest time to settle. */
  closeOver(retentionMs: number): void {
    this.#book.atomically(() => {
      const over = [
        ...this.#sql.exec<{
          shard: string;
          account: number;
          slot: number;
          budget: string;
          r: number;
          t: number;
          u: number;
        }>(
          `select l.shard, l.account, l.slot, a.budget, l.spent_r r, l.spent_t t, l.spent_u u
           from lease l join bucket b on b.account = l.account and b.slot = l.slot join account a on a.id = l.account
           where b.expires_ms <= ? and l.granted_r = l.spent_r and l.granted_t = l.spent_t and l.granted_u = l.spent_u`,
          this.#nowMs() - retentionMs,
        ),
      ];
      for (const row of over) {
        this.#sql.exec(
          `insert into archive (side, budget, r, t, u) values ('exchange', ?, ?, ?, ?)
           on conflict (side, budget) do update set r = r + excluded.r, t = t + excluded.t, u = u + excluded.u`,
          row.budget,
          row.r,
          row.t,
          row.u,
        );
        this.#sql.exec(
          "delete from lease where shard = ? and account = ? and slot = ?",
          row.shard,
          row.account,
          row.slot,
        );
        this.#sql.exec("update bucket set lines = lines - 1 where account = ? and slot = ?", row.account, row.slot);
      }
    });
  }
}
