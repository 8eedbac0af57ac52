import {
  type Amounts,
  type LedgerEntry,
  metrics,
  NO_AMOUNTS,
  type PartlyKnownAmounts,
  type ReserveOutcome,
  type ReserveRequest,
  type WindowSlot,
} from "@millrace/core/ledger";
import type { Seat } from "./ledger-accounts.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { LeaseAsk, LeaseOutcome, LeaseRequest } from "./root-leases.ts";

/** A grant that nobody used for this long goes back. Milliseconds. */
const IDLE_MS = 2_000;
/** What a shard would like beside what it needs: a part of the limit that lets it answer many exchanges alone. */
const WANTED_PART = 64;
/** Asking once is enough unless others took what was granted; beyond this the ledger counts as away. */
const MAX_ROUNDS = 4;

export interface ShardDeps {
  readonly nowMs: () => number;
  readonly shard: () => string;
  /** Whose ledger this is; a shard belongs to one project. */
  readonly project: () => Project;
  readonly askRoot: (request: LeaseRequest) => Promise<LeaseOutcome>;
}

interface GrantRow extends Record<string, SqlStorageValue> {
  readonly account: number;
  readonly slot: number;
  readonly entry: string;
  readonly r: number;
  readonly t: number;
  readonly u: number;
  readonly used_ms: number;
}

interface Local {
  readonly spent: Amounts;
  readonly held: Amounts;
  readonly lines: number;
  readonly unknown: readonly [number, number];
}

type Project = ReserveRequest["project"];
type Asked = { readonly atMost: PartlyKnownAmounts; readonly seats: readonly Seat[] };

function plus(a: Amounts, b: PartlyKnownAmounts): Amounts {
  return {
    requests: a.requests + (b.requests ?? 0),
    tokens: a.tokens + (b.tokens ?? 0),
    usd_micros: a.usd_micros + (b.usd_micros ?? 0),
  };
}

/**
 * A shard's side of the leases: it admits only what the root has promised it, asks for more when that is not enough, and gives back what is idle.
 * It lowers its own idea of a grant before it tells the root, and raises it after: at every moment the root holds at least what the shard may spend.
 */
export class ShardGrants {
  readonly #sql: SqlStorage;
  readonly #book: LedgerBook;
  readonly #deps: ShardDeps;
  /** One request to the root at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(sql: SqlStorage, book: LedgerBook, deps: ShardDeps) {
    this.#sql = sql;
    this.#book = book;
    this.#deps = deps;
  }

  /** Runs `book` once the grants cover the amounts; or says why the root gives no more. */
  async within(
    request: { readonly atMost: PartlyKnownAmounts; readonly entries: readonly LedgerEntry[] },
    book: () => ReserveOutcome,
  ): Promise<ReserveOutcome> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const seats = this.#book.accounts.seats(request.entries, this.#deps.nowMs());
      for (const seat of seats) this.#track(seat);
      if (this.#short(seats, request.atMost).length === 0) return book();
      const outcome = await this.#inTurn(() => this.#ask({ atMost: request.atMost, seats }));
      if (!outcome.ok) return outcome;
    }
    throw new Error("the shard got no grant that lasted");
  }

  /** Tells the root what is spent, and gives back what is idle. */
  async report(): Promise<void> {
    await this.#inTurn(async () => {
      const nowMs = this.#deps.nowMs();
      const rows = [...this.#sql.exec<GrantRow>("select * from grant_of")];
      if (rows.length === 0) return;
      const sent = rows.map((row) => this.#askOf(row, nowMs));
      // One at a time: an account that the root refuses must not keep the others from being told.
      for (const each of sent) {
        const outcome = await this.#deps.askRoot({
          shard: this.#deps.shard(),
          turn: this.#nextTurn(),
          project: this.#deps.project(),
          asks: [each.ask],
        });
        if (outcome.ok) this.#closeIfOver(each, nowMs);
      }
    });
  }

  /** When a window of a grant is over; undefined while there is none. */
  nextDueMs(): number | undefined {
    const { due } = this.#sql
      .exec<{ due: number | null }>(
        "select min(b.expires_ms) due from grant_of g join bucket b on b.account = g.account and b.slot = g.slot",
      )
      .one();
    return due ?? undefined;
  }

  #track({ entry, account, slot }: Seat): void {
    const { rowsWritten } = this.#sql.exec(
      "insert or ignore into grant_of (account, slot, entry, used_ms) values (?, ?, ?, ?)",
      account,
      slot.startMs,
      JSON.stringify(entry),
      this.#deps.nowMs(),
    );
    if (rowsWritten > 0) this.#book.move(account, slot, { lines: 1 });
  }

  #grant(account: number, slot: number): Amounts {
    const row = [
      ...this.#sql.exec<GrantRow>("select * from grant_of where account = ? and slot = ?", account, slot),
    ][0];
    return row === undefined ? NO_AMOUNTS : { requests: row.r, tokens: row.t, usd_micros: row.u };
  }

  #local(account: number, slot: number): Local {
    const row = [
      ...this.#sql.exec<Record<string, number>>("select * from bucket where account = ? and slot = ?", account, slot),
    ][0];
    const read = (prefix: string): Amounts => ({
      requests: row?.[`${prefix}_r`] ?? 0,
      tokens: row?.[`${prefix}_t`] ?? 0,
      usd_micros: row?.[`${prefix}_u`] ?? 0,
    });
    return {
      spent: read("spent"),
      held: read("held"),
      lines: row?.["lines"] ?? 0,
      unknown: [row?.["unknown_t"] ?? 0, row?.["unknown_u"] ?? 0],
    };
  }

  #short(seats: readonly Seat[], atMost: PartlyKnownAmounts): readonly Seat[] {
    return seats.filter(({ entry, account, slot }) => {
      if (!entry.blocking) return false;
      const local = this.#local(account, slot.startMs);
      const need = plus(plus(local.spent, local.held), atMost);
      const granted = this.#grant(account, slot.startMs);
      this.#sql.exec(
        "update grant_of set used_ms = ? where account = ? and slot = ?",
        this.#deps.nowMs(),
        account,
        slot.startMs,
      );
      return metrics.some(
        (metric) => entry.limit[metric] !== undefined && (atMost[metric] === null || need[metric] > granted[metric]),
      );
    });
  }

  async #ask({ atMost, seats }: Asked): Promise<LeaseOutcome> {
    // Another exchange may have brought enough while this one waited for its turn.
    const short = this.#short(seats, atMost);
    if (short.length === 0) return { ok: true, granted: [] };
    const asks = short.map(({ entry, account, slot }): LeaseAsk => {
      const local = this.#local(account, slot.startMs);
      const need = plus(plus(local.spent, local.held), atMost);
      const part = (metric: (typeof metrics)[number]): number => Math.floor((entry.limit[metric] ?? 0) / WANTED_PART);
      const want = plus(need, { requests: part("requests"), tokens: part("tokens"), usd_micros: part("usd_micros") });
      return {
        entry,
        slot,
        spent: local.spent,
        unknownTokens: local.unknown[0],
        unknownCost: local.unknown[1],
        need,
        want,
      };
    });
    const outcome = await this.#deps.askRoot({
      shard: this.#deps.shard(),
      turn: this.#nextTurn(),
      project: this.#deps.project(),
      asks,
    });
    if (!outcome.ok) return outcome;
    for (const [index, { account, slot }] of short.entries()) {
      const granted = outcome.granted[index];
      if (granted !== undefined) this.#setGrant(account, slot.startMs, granted);
    }
    return outcome;
  }

  #setGrant(account: number, slot: number, granted: Amounts): void {
    this.#sql.exec(
      "update grant_of set r = ?, t = ?, u = ?, used_ms = ? where account = ? and slot = ?",
      granted.requests,
      granted.tokens,
      granted.usd_micros,
      this.#deps.nowMs(),
      account,
      slot,
    );
  }

  #askOf(row: GrantRow, nowMs: number): { readonly ask: LeaseAsk; readonly account: number } {
    const entry = JSON.parse(row.entry) as LedgerEntry;
    const local = this.#local(row.account, row.slot);
    const used = plus(local.spent, local.held);
    const { expires } = this.#sql
      .exec<{ expires: number }>(
        "select expires_ms expires from bucket where account = ? and slot = ?",
        row.account,
        row.slot,
      )
      .one();
    const slot: WindowSlot = { startMs: row.slot, expiresAtMs: expires };
    const idle = nowMs - row.used_ms >= IDLE_MS || expires <= nowMs;
    const granted = this.#grant(row.account, row.slot);
    const keep: Amounts = idle
      ? used
      : {
          requests: Math.max(used.requests, granted.requests),
          tokens: Math.max(used.tokens, granted.tokens),
          usd_micros: Math.max(used.usd_micros, granted.usd_micros),
        };
    // Lowered here first: what is given back is not spent while the message is under way.
    if (idle)
      this.#sql.exec(
        "update grant_of set r = ?, t = ?, u = ? where account = ? and slot = ?",
        used.requests,
        used.tokens,
        used.usd_micros,
        row.account,
        row.slot,
      );
    const need = entry.blocking ? keep : local.spent;
    return {
      account: row.account,
      ask: {
        entry,
        slot,
        spent: local.spent,
        unknownTokens: local.unknown[0],
        unknownCost: local.unknown[1],
        need,
        want: need,
      },
    };
  }

  #closeIfOver({ account, ask }: { readonly account: number; readonly ask: LeaseAsk }, nowMs: number): void {
    const { slot } = ask;
    if (slot.expiresAtMs > nowMs || this.#local(account, slot.startMs).lines > 1) return;
    this.#sql.exec("delete from grant_of where account = ? and slot = ?", account, slot.startMs);
    this.#book.move(account, slot, { lines: -1 });
  }

  #nextTurn(): number {
    return this.#sql
      .exec<{ turn: number }>(
        `insert into meta (name, value) values ('turn', '1') on conflict (name) do update set value = cast(value as integer) + 1
         returning cast(value as integer) turn`,
      )
      .one().turn;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#queue.then(work);
    this.#queue = mine.catch(() => undefined);
    return mine;
  }
}
