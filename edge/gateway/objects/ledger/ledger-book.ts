import {
  type AccountState,
  type ExtendRequest,
  metrics,
  type PartlyKnownAmounts,
  type ReserveOutcome,
  type ReserveRequest,
  type SettleRequest,
} from "@millrace/core/ledger";
import { LedgerAccounts, type Seat } from "./ledger-accounts.ts";
import type { ExchangeRow } from "./ledger-schema.ts";

/** A settlement that comes twice comes within the half minute that a Worker outlives its caller; this long it is known. Milliseconds. */
export const DONE_RETENTION_MS = 10 * 60_000;
/** An exchange that was swept without word can still say what it cost for this long. Milliseconds. */
export const ASSUMED_RETENTION_MS = 48 * 3_600_000;

export interface BookDeps {
  /** The ledger's own clock, so that all isolates count by one. Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/** Adds to what is spent and what is held in a bucket. */
export interface Movement {
  readonly spent?: PartlyKnownAmounts;
  readonly held?: PartlyKnownAmounts;
  readonly lines?: number;
  readonly unknownTokens?: number;
  readonly unknownCost?: number;
}

const amountsOf = (row: ExchangeRow): PartlyKnownAmounts => ({ requests: row.r, tokens: row.t, usd_micros: row.u });
const negative = (of: PartlyKnownAmounts): PartlyKnownAmounts => ({
  requests: of.requests === null ? null : -of.requests,
  tokens: of.tokens === null ? null : -of.tokens,
  usd_micros: of.usd_micros === null ? null : -of.usd_micros,
});

/** A refusal, before it is known whether the account gives it a time. */
interface Shortage {
  readonly seat: Seat;
  readonly state: AccountState;
  readonly asked: number;
}

/**
 * The book of one ledger. Every method is one synchronous transaction: there is no moment at which another call sees half of it. The states of an
 * exchange:
 *
 *   nothing  → held (reserve) · settled (settle) · released (release: a reservation that comes late finds it)
 *   held     → settled · released · assumed (sweep)
 *   assumed  → settled · released
 *   released → settled: what was really taken is always booked
 *   settled  stays
 */
export class LedgerBook {
  readonly accounts: LedgerAccounts;
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #deps: BookDeps;

  constructor(storage: DurableObjectStorage, deps: BookDeps) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#deps = deps;
    this.accounts = new LedgerAccounts(storage.sql);
  }

  /** Runs in one transaction; ids of accounts that a rollback took away are forgotten. */
  atomically<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.accounts.forgetIds();
      throw error;
    }
  }

  /** @throws Error for an exchange that was given up before its reservation arrived. */
  reserve(request: ReserveRequest, fits: "limits" | "unchecked" = "limits"): ReserveOutcome {
    return this.atomically(() => {
      const nowMs = this.#deps.nowMs();
      const seats = this.accounts.seats(request.entries, nowMs);
      const known = this.exchange(request.id);
      if (known?.state === "released") throw new Error("the exchange was released before it was reserved");
      if (known !== undefined) return { ok: true, accounts: this.accounts.states(seats, nowMs) };
      const refused = fits === "limits" ? this.#refusal(seats, request.atMost, nowMs) : undefined;
      if (refused !== undefined) {
        this.accounts.dropUnused(seats.map(({ account }) => account));
        return refused;
      }
      this.#enter({ id: request.id, state: "held", amounts: request.atMost, dueMs: nowMs + request.ttlMs });
      for (const seat of seats) this.#seat(request.id, seat, { held: request.atMost });
      return { ok: true, accounts: this.accounts.states(seats, nowMs) };
    });
  }

  /** Room for one more attempt of an exchange that is held. One that is not known, or already over, has none. */
  extend(request: ExtendRequest, fits: "limits" | "unchecked" = "limits"): ReserveOutcome {
    return this.atomically(() => {
      const nowMs = this.#deps.nowMs();
      const row = this.exchange(request.id);
      if (row?.state !== "held") throw new Error("the exchange is not under way");
      const seats = this.accounts.seats(request.entries, nowMs);
      if (row.attempts >= request.attempt) return { ok: true, accounts: this.accounts.states(seats, nowMs) };
      const refused = fits === "limits" ? this.#refusal(seats, request.atMost, nowMs) : undefined;
      if (refused !== undefined) return refused;
      const { requests, tokens, usd_micros: micros } = request.atMost;
      this.#sql.exec(
        "update exchange set attempts = ?, r = r + ?, t = t + ?, u = u + ? where id = ?",
        request.attempt,
        requests ?? 0,
        tokens,
        micros,
        request.id,
      );
      this.#moveLines(request.id, {
        held: { requests, tokens: row.t === null ? null : tokens, usd_micros: row.u === null ? null : micros },
      });
      return { ok: true, accounts: this.accounts.states(seats, nowMs) };
    });
  }

  /** @returns false when it was settled before. */
  settle(request: SettleRequest): boolean {
    return this.atomically(() => {
      const nowMs = this.#deps.nowMs();
      const row = this.exchange(request.id);
      if (row?.state === "settled") return false;
      const held = row === undefined ? { requests: 0, tokens: null, usd_micros: null } : amountsOf(row);
      const spent: PartlyKnownAmounts = {
        requests: request.actual.requests ?? held.requests,
        tokens: request.actual.tokens ?? held.tokens,
        usd_micros: request.actual.usd_micros ?? held.usd_micros,
      };
      const unknown = {
        unknownTokens: request.actual.tokens === null ? 1 : 0,
        unknownCost: request.actual.usd_micros === null ? 1 : 0,
      };
      const dueMs = nowMs + DONE_RETENTION_MS;
      const seated = row !== undefined && this.#hasLines(request.id);
      if (row === undefined) this.#enter({ id: request.id, state: "settled", amounts: spent, dueMs });
      else this.#turn({ id: request.id, state: "settled", amounts: spent, dueMs });
      if (!seated) {
        for (const seat of this.accounts.seats(request.entries, nowMs))
          this.#seat(request.id, seat, { spent, ...unknown });
        return true;
      }
      if (row.state === "held") this.#moveLines(request.id, { held: negative(held), spent, ...unknown });
      else {
        // Assumed: the most it could take was booked as spent. Released: nothing was, and its amounts are 0.
        this.#moveLines(request.id, { spent: negative(held) });
        this.#moveLines(request.id, { spent, ...unknown });
      }
      return true;
    });
  }

  release(id: string): void {
    this.atomically(() => {
      const dueMs = this.#deps.nowMs() + DONE_RETENTION_MS;
      const none = { requests: 0, tokens: 0, usd_micros: 0 };
      const row = this.exchange(id);
      if (row === undefined) this.#enter({ id, state: "released", amounts: none, dueMs });
      if (row?.state !== "held" && row?.state !== "assumed") return;
      this.#moveLines(id, { [row.state === "held" ? "held" : "spent"]: negative(amountsOf(row)) });
      this.#turn({ id, state: "released", amounts: none, dueMs });
    });
  }

  /** Counts a held exchange as having taken the most that it could: whoever would say otherwise is gone, and it may have been sent. */
  assume(id: string): void {
    const row = this.exchange(id);
    if (row?.state !== "held") return;
    const amounts = amountsOf(row);
    this.#moveLines(id, { held: negative(amounts), spent: amounts });
    this.#turn({ id, state: "assumed", amounts, dueMs: this.#deps.nowMs() + ASSUMED_RETENTION_MS });
  }

  exchange(id: string): ExchangeRow | undefined {
    return [...this.#sql.exec<ExchangeRow>("select id, state, attempts, r, t, u from exchange where id = ?", id)][0];
  }

  /** Moves amounts in one bucket, which is made when it is not there. */
  move(account: number, slot: Seat["slot"], by: Movement): void {
    this.#sql.exec(
      "insert or ignore into bucket (account, slot, expires_ms) values (?, ?, ?)",
      account,
      slot.startMs,
      slot.expiresAtMs,
    );
    this.#sql.exec(
      `update bucket set spent_r = spent_r + ?, spent_t = spent_t + ?, spent_u = spent_u + ?, held_r = held_r + ?, held_t = held_t + ?,
        held_u = held_u + ?, unknown_t = unknown_t + ?, unknown_u = unknown_u + ?, lines = lines + ? where account = ? and slot = ?`,
      ...movementValues(by),
      account,
      slot.startMs,
    );
  }

  #refusal(seats: readonly Seat[], atMost: PartlyKnownAmounts, nowMs: number): ReserveOutcome | undefined {
    const accounts = this.accounts.states(seats, nowMs);
    const shortages = seats.flatMap((seat): Shortage[] => {
      if (!seat.entry.blocking) return [];
      return accounts
        .filter((state) => state.budget === seat.entry.budget && state.account === seat.entry.account)
        .map((state) => ({ seat, state, asked: atMost[state.metric] ?? Number.MAX_SAFE_INTEGER }))
        .filter(({ state, asked }) => state.spent + state.reserved + asked > state.limit);
    });
    if (shortages.length === 0) return undefined;
    const dated = shortages.map((shortage) => ({ asked: shortage.asked, refusal: this.#dated(shortage, nowMs) }));
    // The one that makes the caller wait longest: with any other they would come back too early.
    const [worst] = dated.toSorted(
      (a, b) =>
        Number(b.asked > b.refusal.limit) - Number(a.asked > a.refusal.limit) ||
        b.refusal.resetsAtMs - a.refusal.resetsAtMs,
    );
    return worst === undefined ? undefined : { ok: false, ...worst, accounts };
  }

  #dated({ seat, state, asked }: Shortage, nowMs: number): AccountState {
    if (seat.entry.window.kind === "calendar") return state;
    const missing = state.spent + state.reserved + asked - state.limit;
    return { ...state, resetsAtMs: this.accounts.roomAtMs(seat.account, state.metric, { missing, nowMs }) };
  }

  #enter(row: { id: string; state: string; amounts: PartlyKnownAmounts; dueMs: number }): void {
    const { requests, tokens, usd_micros: micros } = row.amounts;
    this.#sql.exec(
      "insert into exchange (id, state, r, t, u, due_ms) values (?, ?, ?, ?, ?, ?)",
      row.id,
      row.state,
      requests ?? 0,
      tokens,
      micros,
      row.dueMs,
    );
  }

  #turn(row: { id: string; state: string; amounts: PartlyKnownAmounts; dueMs: number }): void {
    const { requests, tokens, usd_micros: micros } = row.amounts;
    this.#sql.exec(
      "update exchange set state = ?, r = ?, t = ?, u = ?, due_ms = ? where id = ?",
      row.state,
      requests ?? 0,
      tokens,
      micros,
      row.dueMs,
      row.id,
    );
  }

  #seat(id: string, { account, slot }: Seat, by: Movement): void {
    this.#sql.exec("insert into line (exchange, account, slot) values (?, ?, ?)", id, account, slot.startMs);
    this.move(account, slot, { ...by, lines: 1 });
  }

  #hasLines(id: string): boolean {
    return [...this.#sql.exec("select 1 from line where exchange = ? limit 1", id)].length > 0;
  }

  #moveLines(id: string, by: Movement): void {
    this.#sql.exec(
      `update bucket set spent_r = spent_r + ?, spent_t = spent_t + ?, spent_u = spent_u + ?, held_r = held_r + ?, held_t = held_t + ?,
        held_u = held_u + ?, unknown_t = unknown_t + ?, unknown_u = unknown_u + ?, lines = lines + ?
       where (account, slot) in (select account, slot from line where exchange = ?)`,
      ...movementValues(by),
      id,
    );
  }
}

const listed = (amounts: PartlyKnownAmounts | undefined): readonly number[] =>
  metrics.map((metric) => amounts?.[metric] ?? 0);

function movementValues({ spent, held, lines = 0, unknownTokens = 0, unknownCost = 0 }: Movement): readonly number[] {
  return [...listed(spent), ...listed(held), unknownTokens, unknownCost, lines];
}
