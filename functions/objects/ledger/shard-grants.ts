import {
  type Amounts,
  type LedgerEntry,
  metrics,
  NO_AMOUNTS,
  type PartlyKnownAmounts,
  type ReserveOutcome,
  type ReserveRequest,
  type SpareLimit,
  spareForMs,
  spareTimes,
  type WindowSlot,
} from "@millrace/core/ledger";
import type { Seat } from "./ledger-accounts.ts";
import type { LedgerBook } from "./ledger-book.ts";
import type { LedgerRoot } from "./ledger-root.ts";
import type { LeaseAsk, LeaseOutcome, LeaseRequest } from "./root-leases.ts";

/** A grant that nobody used for this long goes back. Milliseconds. */
const IDLE_MS = 2_000;
/** What a shard would like beside what it needs: a part of the limit that lets it answer many exchanges alone. */
const WANTED_PART = 64;
/** Asking once is enough unless others took what was granted; beyond this the ledger counts as away. */
const MAX_ROUNDS = 4;
/** Grants of one report: the root books them in one transaction of some ten milliseconds, between which it answers others. */
const REPORT_BATCH = 200;
/** How soon the root hears of what a shard did. Milliseconds. */
export const REPORT_MS = 1_000;

export interface ShardDeps {
  readonly nowMs: () => number;
  readonly shard: () => string;
  /** Whose ledger this is; a shard belongs to one project. */
  readonly project: () => Project;
  /** A stub is good for one call. */
  readonly root: () => LedgerRoot;
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

/** A grant that the root is to hear of, as it stood when that was found. */
interface DueRow extends GrantRow {
  readonly expires_ms: number;
  /** Of its news; null = it has none. */
  readonly version: number | null;
}

interface Local {
  readonly spent: Amounts;
  readonly held: Amounts;
  readonly lines: number;
  readonly unknown: readonly [number, number];
}

type Project = ReserveRequest["project"];
type Asked = { readonly atMost: PartlyKnownAmounts; readonly seats: readonly Seat[] };

interface GrantKey extends Record<string, SqlStorageValue> {
  readonly account: number;
  readonly slot: number;
}

const nameOf = (account: number, slot: number): string => `${account} ${slot}`;

function isIdle(row: DueRow, nowMs: number): boolean {
  return nowMs - row.used_ms >= IDLE_MS || row.expires_ms <= nowMs;
}

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
  /** One request for more at a time. */
  #queue: Promise<unknown> = Promise.resolve();
  /** Grants that the root is being asked to raise: until it has answered, neither side may say what they are. */
  readonly #asking = new Set<string>();

  constructor(sql: SqlStorage, book: LedgerBook, deps: ShardDeps) {
    this.#sql = sql;
    this.#book = book;
    this.#deps = deps;
  }

  /** Runs `book` once the grants cover the amounts, telling it how many times as much again they cover; or says why the root gives no more. */
  async within(request: ReserveRequest, book: (spare: number) => ReserveOutcome): Promise<ReserveOutcome> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const seats = this.#book.accounts.seats(request.entries, this.#deps.nowMs());
      for (const seat of seats) this.#track(seat);
      if (this.#short(seats, request.atMost).length === 0) return book(this.#spare(seats, request));
      // Nothing is taken from the others for whom nobody waits.
      if (request.onlyWithSpare === true) return book(0);
      const outcome = await this.#inTurn(() => this.#ask({ atMost: request.atMost, seats }));
      if (!outcome.ok) return outcome;
    }
    throw new Error("the shard got no grant that lasted");
  }

  /** What of its grants a shard gives on: by the rule by which the root gives of its limits. */
  #spare(seats: readonly Seat[], { atMost, wanted }: ReserveRequest): number {
    const limits = seats.flatMap(({ entry, account, slot }) => {
      const { blocking } = entry;
      const { spent, held } = this.#local(account, slot.startMs);
      const granted = this.#grant(account, slot.startMs);
      return metrics.flatMap((metric): SpareLimit[] => {
        const whole = entry.limit[metric];
        if (whole === undefined) return [];
        const limit = blocking ? granted[metric] : whole;
        return [{ metric, limit, spent: spent[metric], reserved: held[metric], blocking }];
      });
    });
    return spareTimes({ atMost, wanted, forMs: spareForMs(seats, this.#deps.nowMs()), limits });
  }

  /** Sees to it that the root will hear of what is booked under these entries now. */
  track(entries: readonly LedgerEntry[]): void {
    for (const seat of this.#book.accounts.seats(entries, this.#deps.nowMs())) this.#track(seat);
  }

  /**
   * Tells the root what was spent since it was last told, and gives back what has become idle. Waits for no request of `within`, and none waits for
   * it: turns keep them in order at the root, and a grant that is being asked for is left to the next report.
   */
  async report(): Promise<void> {
    const due = this.#dueKeys();
    for (let from = 0; from < due.length; from += REPORT_BATCH) {
      const nowMs = this.#deps.nowMs();
      // What a row says and the turn that it is said in belong together: nothing may be waited for in between.
      const rows = due.slice(from, from + REPORT_BATCH).flatMap((key) => this.#dueRow(key) ?? []);
      if (rows.length === 0) continue;
      await this.#deps.root().told(this.#request(rows.map((row) => this.#tellingOf(row, nowMs))));
      for (const row of rows) this.#told(row, nowMs);
    }
  }

  /** When the root is to hear of something again; undefined while there is nothing. */
  nextDueMs(): number | undefined {
    const { used, over, news } = this.#sql
      .exec<{ used: number | null; over: number | null; news: number }>(
        `select (select min(used_ms) from grant_of where used_ms > 0) used, exists (select 1 from news) news,
           (select expires_ms from bucket b where lines <= 1 and exists (select 1 from grant_of g where g.account = b.account and g.slot = b.slot)
            order by expires_ms limit 1) over`,
      )
      .one();
    const dues = [over, used === null ? null : used + IDLE_MS, news === 0 ? null : this.#deps.nowMs() + REPORT_MS];
    const known = dues.filter((due) => due !== null);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Grants with news, grants that became idle, and grants whose window is over and that nothing refers to any more. */
  #dueKeys(): readonly GrantKey[] {
    const nowMs = this.#deps.nowMs();
    return [
      ...this.#sql.exec<GrantKey>(
        `select account, slot from news union select account, slot from grant_of where used_ms > 0 and used_ms <= ?
         union select g.account, g.slot from bucket b join grant_of g on g.account = b.account and g.slot = b.slot
           where b.expires_ms <= ? and b.lines <= 1`,
        nowMs - IDLE_MS,
        nowMs,
      ),
    ];
  }

  #dueRow({ account, slot }: GrantKey): DueRow | undefined {
    if (this.#asking.has(nameOf(account, slot))) return undefined;
    return [
      ...this.#sql.exec<DueRow>(
        `select g.*, b.expires_ms, n.version from grant_of g join bucket b on b.account = g.account and b.slot = g.slot
         left join news n on n.account = g.account and n.slot = g.slot where g.account = ? and g.slot = ?`,
        account,
        slot,
      ),
    ][0];
  }

  /** The root has heard what `row` says. What came since stays to be told. */
  #told(row: DueRow, nowMs: number): void {
    const { account, slot } = row;
    this.#sql.exec("delete from news where account = ? and slot = ? and version = ?", account, slot, row.version);
    if (isIdle(row, nowMs))
      this.#sql.exec(
        "update grant_of set used_ms = 0 where account = ? and slot = ? and used_ms = ?",
        account,
        slot,
        row.used_ms,
      );
    this.#closeIfOver(row, nowMs);
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
    const names = short.map(({ account, slot }) => nameOf(account, slot.startMs));
    for (const name of names) this.#asking.add(name);
    try {
      return this.#take(short, await this.#deps.root().lease(this.#request(asks)));
    } finally {
      for (const name of names) this.#asking.delete(name);
    }
  }

  #take(short: readonly Seat[], outcome: LeaseOutcome): LeaseOutcome {
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

  #tellingOf(row: DueRow, nowMs: number): LeaseAsk {
    const entry = JSON.parse(row.entry) as LedgerEntry;
    const local = this.#local(row.account, row.slot);
    const used = plus(local.spent, local.held);
    const slot: WindowSlot = { startMs: row.slot, expiresAtMs: row.expires_ms };
    const idle = isIdle(row, nowMs);
    const keep: Amounts = idle
      ? used
      : {
          requests: Math.max(used.requests, row.r),
          tokens: Math.max(used.tokens, row.t),
          usd_micros: Math.max(used.usd_micros, row.u),
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
      entry,
      slot,
      spent: local.spent,
      unknownTokens: local.unknown[0],
      unknownCost: local.unknown[1],
      need,
      want: need,
    };
  }

  #closeIfOver({ account, slot, expires_ms: expiresAtMs }: DueRow, nowMs: number): void {
    if (expiresAtMs > nowMs || this.#local(account, slot).lines > 1) return;
    const { untold } = this.#sql
      .exec<{ untold: number }>(
        "select exists (select 1 from news where account = ? and slot = ?) untold",
        account,
        slot,
      )
      .one();
    if (untold !== 0 || this.#asking.has(nameOf(account, slot))) return;
    this.#sql.exec("delete from grant_of where account = ? and slot = ?", account, slot);
    this.#book.move(account, { startMs: slot, expiresAtMs }, { lines: -1 });
  }

  #request(asks: readonly LeaseAsk[]): LeaseRequest {
    return { shard: this.#deps.shard(), turn: this.#nextTurn(), project: this.#deps.project(), asks };
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
