import {
  type AccountState,
  addAmounts,
  eachMetric,
  type HeldPart,
  isNothing,
  leastAmounts,
  metrics,
  NO_AMOUNTS,
  type PartlyKnownAmounts,
  type Posting,
  type ReserveOutcome,
  type ReserveRequest,
  type Settlement,
  type SpareLimit,
  spareForMs,
  spareTimes,
  subtractAmounts,
  timesAmounts,
} from "@millrace/core/ledger";
import { LedgerAccounts, type Seat } from "./ledger-accounts.ts";
import type { ReservationRow } from "./ledger-schema.ts";

/** A settlement that comes twice by different ways comes within minutes; this long it is known. Milliseconds. */
export const DONE_RETENTION_MS = 10 * 60_000;
/** A reservation that was swept without word can still hear what became of it for this long. Milliseconds. */
export const ASSUMED_RETENTION_MS = 48 * 3_600_000;

/** Between an exchange's id and the number of a part that is booked in another window. No id of a trace has it. */
export const PART_MARK = "#";

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

/** Where something is booked. */
interface Place {
  readonly account: number;
  readonly startMs: number;
  /** Of the slot; undefined where its bucket is there for certain. */
  readonly expiresAtMs?: number;
}

export interface SetAside {
  /** Of the exchange. */
  readonly id: string;
  readonly error: unknown;
}

export interface Posted {
  /** Those that were new. */
  readonly settled: readonly Settlement[];
  readonly setAside: readonly SetAside[];
}

interface HeldIn {
  readonly places: readonly Place[];
  readonly held: PartlyKnownAmounts;
}

interface LineRow extends Record<string, SqlStorageValue> {
  readonly account: number;
  readonly slot: number;
}

const amountsOf = (row: ReservationRow): PartlyKnownAmounts => ({ requests: row.r, tokens: row.t, usd_micros: row.u });
const negative = (of: PartlyKnownAmounts): PartlyKnownAmounts => timesAmounts(of, -1);

/** What of `amounts` a reservation still has: more than it holds nobody can give back. */
function within(amounts: PartlyKnownAmounts, row: ReservationRow): PartlyKnownAmounts {
  return leastAmounts(amounts, amountsOf(row));
}

/** A refusal, before it is known whether the account gives it a time. */
interface Shortage {
  readonly seat: Seat;
  readonly state: AccountState;
  readonly asked: number;
}

/**
 * The book of one ledger. Every method is one synchronous transaction: there is no moment at which another call sees half of it.
 *
 * A reservation is held until its exchanges are settled, each of which frees the part that it held, and until what nobody took is given back. Swept
 * without word, what is left of it is assumed to be taken; a settlement or a return that comes later still puts that right.
 * An exchange is on the book once it is settled, and stays as it is.
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

  /**
   * @param granted how many times as much again may be held, where somebody else has seen to the limits.
   * @throws Error for a reservation that was given back before it arrived.
   */
  reserve(request: ReserveRequest, granted?: number): ReserveOutcome {
    return this.atomically(() => {
      const nowMs = this.#deps.nowMs();
      const seats = this.accounts.seats(request.entries, nowMs);
      const known = this.reservation(request.id);
      if (known?.closed === 1) throw new Error("the reservation was given back before it was made");
      if (known !== undefined) return this.#again(request.id, { seats, spare: known.spare }, nowMs);
      const forMs = spareForMs(seats, nowMs);
      const states = granted === undefined ? this.accounts.states(seats, nowMs) : [];
      const refused = granted === undefined ? this.#refusal(seats, { ...request, states }, nowMs) : undefined;
      const spare = granted ?? spareTimes({ ...request, forMs, limits: spareLimits(seats, states) });
      const nothing: ReserveOutcome = { ok: true, accounts: states, spare: 0, forMs };
      // Who asks ahead is refused nothing: nobody is to be told of it.
      const unmade = request.onlyWithSpare === true && (spare === 0 || refused !== undefined) ? nothing : refused;
      if (unmade !== undefined) {
        this.accounts.dropUnused(seats.map(({ account }) => account));
        return unmade;
      }
      const amounts = timesAmounts(request.atMost, 1 + spare);
      const { requests, tokens, usd_micros: micros } = amounts;
      this.#sql.exec(
        "insert into reservation (id, state, spare, r, t, u, due_ms) values (?, 'held', ?, ?, ?, ?, ?)",
        request.id,
        spare,
        requests ?? 0,
        tokens,
        micros,
        nowMs + request.ttlMs,
      );
      for (const { account, slot } of seats) this.#seat(request.id, { account, ...slot }, { held: amounts });
      return { ok: true, accounts: this.accounts.states(seats, nowMs), spare, forMs };
    });
  }

  /** The answer to who asks once more. What is booked in a slot that is over by now, only the asker itself may take. */
  #again(
    id: string,
    { seats, spare }: { readonly seats: readonly Seat[]; readonly spare: number },
    nowMs: number,
  ): ReserveOutcome {
    const forMs = this.#isBookedIn(id, seats) ? spareForMs(seats, nowMs) : 0;
    return { ok: true, accounts: this.accounts.states(seats, nowMs), spare, forMs };
  }

  /** @returns false when it was settled before. */
  settle(settlement: Settlement): boolean {
    return this.atomically(() => this.#settle(settlement));
  }

  /**
   * Settles what an outbox hands on and the ledger has not had from it before. One that cannot be booked is set aside: it must not hold up all that
   * come after it. `prepare` is called before each.
   */
  post({ outbox, items }: Posting, prepare: (settlement: Settlement) => void): Posted {
    return this.atomically(() => {
      const known = [...this.#sql.exec<{ seq: number }>("select seq from posted where outbox = ?", outbox)][0];
      const fresh = items.filter(({ seq }) => seq > (known?.seq ?? Number.NEGATIVE_INFINITY));
      const last = fresh.at(-1)?.seq;
      if (last === undefined) return { settled: [], setAside: [] };
      this.#sql.exec(
        "insert into posted (outbox, seq) values (?, ?) on conflict (outbox) do update set seq = excluded.seq",
        outbox,
        last,
      );
      const settled: Settlement[] = [];
      const setAside: SetAside[] = [];
      for (const { seq, settlement } of fresh) {
        try {
          const isNew = this.atomically(() => {
            prepare(settlement);
            return this.#settle(settlement);
          });
          if (isNew) settled.push(settlement);
        } catch (error) {
          setAside.push({ id: settlement.id, error });
          this.#sql.exec(
            "insert into set_aside (outbox, seq, body, error, at_ms) values (?, ?, ?, ?, ?)",
            outbox,
            seq,
            JSON.stringify(settlement),
            String(error),
            this.#deps.nowMs(),
          );
        }
      }
      return { settled, setAside };
    });
  }

  #settle({ id, entries, actual, held }: Settlement): boolean {
    if (this.isSettled(id)) return false;
    const nowMs = this.#deps.nowMs();
    const unknowable: PartlyKnownAmounts = { requests: 0, tokens: null, usd_micros: null };
    const most = held.map(({ amounts }) => amounts).reduce(addAmounts, held.length === 0 ? unknowable : NO_AMOUNTS);
    const spent = eachMetric((metric) => actual[metric] ?? most[metric] ?? 0);
    const unknown = {
      unknownTokens: actual.tokens === null ? 1 : 0,
      unknownCost: actual.usd_micros === null ? 1 : 0,
    };
    const [first = { places: this.#placesNow(entries, nowMs), held: NO_AMOUNTS }, ...others] = this.#heldIn(held);
    // What lies in another window than the first takes as much as was held there, and no more; the first takes the rest.
    let rest: PartlyKnownAmounts = spent;
    for (const [index, { places, held: there }] of others.entries()) {
      const part = leastAmounts(
        rest,
        eachMetric((metric) => there[metric] ?? 0),
      );
      if (isNothing(part)) continue;
      rest = subtractAmounts(rest, part);
      this.#book({ id: `${id}${PART_MARK}${index + 2}`, spent: part, places, unknown: {} }, nowMs);
    }
    this.#book({ id, spent: rest, places: first.places, unknown }, nowMs);
    for (const part of held) this.#free(part, nowMs);
    return true;
  }

  #book(
    exchange: {
      readonly id: string;
      readonly spent: PartlyKnownAmounts;
      readonly places: readonly Place[];
      readonly unknown: Pick<Movement, "unknownTokens" | "unknownCost">;
    },
    nowMs: number,
  ): void {
    const { id, spent, places, unknown } = exchange;
    const values = metrics.map((metric) => spent[metric] ?? 0);
    const dueMs = nowMs + DONE_RETENTION_MS;
    this.#sql.exec("insert into exchange (id, r, t, u, due_ms) values (?, ?, ?, ?, ?)", id, ...values, dueMs);
    for (const place of places) this.#seat(id, place, { spent, ...unknown });
  }

  /** What an exchange held in each of the windows in which it began to hold something, also where they are over; the first first. */
  #heldIn(held: readonly HeldPart[]): readonly HeldIn[] {
    const groups = new Map<string, HeldIn>();
    for (const { reservation, amounts } of held) {
      const places = this.#linesOf(reservation).map(({ account, slot }) => ({ account, startMs: slot }));
      if (places.length === 0) continue;
      const name = JSON.stringify(places);
      const known = groups.get(name);
      groups.set(name, { places, held: known === undefined ? amounts : addAmounts(known.held, amounts) });
    }
    return [...groups.values()];
  }

  #linesOf(owner: string): readonly LineRow[] {
    return [...this.#sql.exec<LineRow>("select account, slot from line where owner = ? order by account", owner)];
  }

  #isBookedIn(owner: string, seats: readonly Seat[]): boolean {
    const lines = this.#linesOf(owner);
    return seats.every(({ account, slot }) =>
      lines.some((line) => line.account === account && line.slot === slot.startMs),
    );
  }

  #placesNow(entries: Settlement["entries"], nowMs: number): readonly Place[] {
    return this.accounts.seats(entries, nowMs).map(({ account, slot }) => ({ account, ...slot }));
  }

  /** What an exchange held, nobody holds any more. */
  #free({ reservation: id, amounts }: HeldPart, nowMs: number): void {
    const row = this.reservation(id);
    if (row === undefined) return;
    this.#takeOut(id, { row, amounts, closed: row.closed }, nowMs);
  }

  giveBack(id: string, amounts: PartlyKnownAmounts): void {
    this.atomically(() => {
      const nowMs = this.#deps.nowMs();
      const row = this.reservation(id);
      if (row?.closed === 1) return;
      if (row !== undefined) return this.#takeOut(id, { row, amounts, closed: 1 }, nowMs);
      this.#sql.exec(
        "insert into reservation (id, state, closed, r, t, u, due_ms) values (?, 'held', 1, 0, 0, 0, ?)",
        id,
        nowMs + DONE_RETENTION_MS,
      );
    });
  }

  /** One that is closed and holds nothing is over, and only remembered. */
  #takeOut(
    id: string,
    { row, amounts, closed }: { row: ReservationRow; amounts: PartlyKnownAmounts; closed: number },
    nowMs: number,
  ): void {
    const out = within(amounts, row);
    if (!isNothing(out)) this.#moveLines(id, { [row.state === "held" ? "held" : "spent"]: negative(out) });
    const left = subtractAmounts(amountsOf(row), out);
    const isOver = closed === 1 && isNothing(left);
    this.#sql.exec(
      "update reservation set r = ?, t = ?, u = ?, closed = ?, due_ms = iif(?, ?, due_ms) where id = ?",
      left.requests ?? 0,
      left.tokens,
      left.usd_micros,
      closed,
      isOver ? 1 : 0,
      nowMs + DONE_RETENTION_MS,
      id,
    );
  }

  /**
   * Counts what is left of a reservation as taken: whoever would say otherwise is gone, and it may have been sent.
   * @returns false when nothing is left of it.
   */
  assume(id: string): boolean {
    const row = this.reservation(id);
    if (row?.state !== "held" || isNothing(amountsOf(row))) return false;
    const amounts = amountsOf(row);
    this.#moveLines(id, { held: negative(amounts), spent: amounts });
    const dueMs = this.#deps.nowMs() + ASSUMED_RETENTION_MS;
    this.#sql.exec("update reservation set state = 'assumed', due_ms = ? where id = ?", dueMs, id);
    return true;
  }

  reservation(id: string): ReservationRow | undefined {
    return [
      ...this.#sql.exec<ReservationRow>("select state, closed, spare, r, t, u from reservation where id = ?", id),
    ][0];
  }

  isSettled(id: string): boolean {
    return [...this.#sql.exec("select 1 from exchange where id = ?", id)].length > 0;
  }

  /** Moves amounts in one bucket, which is made when it is not there. */
  move(account: number, slot: Seat["slot"], by: Movement): void {
    this.#sql.exec(
      "insert or ignore into bucket (account, slot, expires_ms) values (?, ?, ?)",
      account,
      slot.startMs,
      slot.expiresAtMs,
    );
    this.#add(account, slot.startMs, by);
  }

  #add(account: number, startMs: number, by: Movement): void {
    this.#sql.exec(`${ADD_TO_BUCKET} where account = ? and slot = ?`, ...movementValues(by), account, startMs);
  }

  #refusal(
    seats: readonly Seat[],
    { atMost, states }: { readonly atMost: PartlyKnownAmounts; readonly states: readonly AccountState[] },
    nowMs: number,
  ): ReserveOutcome | undefined {
    const shortages = seats.flatMap((seat): Shortage[] =>
      blockingStates([seat], states)
        .map((state) => ({ seat, state, asked: atMost[state.metric] ?? Number.MAX_SAFE_INTEGER }))
        .filter(({ state, asked }) => state.spent + state.reserved + asked > state.limit),
    );
    if (shortages.length === 0) return undefined;
    const dated = shortages.map((shortage) => ({ asked: shortage.asked, refusal: this.#dated(shortage, nowMs) }));
    // The one that makes the caller wait longest: with any other they would come back too early.
    const [worst] = dated.toSorted(
      (a, b) =>
        Number(b.asked > b.refusal.limit) - Number(a.asked > a.refusal.limit) ||
        b.refusal.resetsAtMs - a.refusal.resetsAtMs,
    );
    return worst === undefined ? undefined : { ok: false, ...worst, accounts: states };
  }

  #dated({ seat, state, asked }: Shortage, nowMs: number): AccountState {
    if (seat.entry.window.kind === "calendar") return state;
    const missing = state.spent + state.reserved + asked - state.limit;
    return { ...state, resetsAtMs: this.accounts.roomAtMs(seat.account, state.metric, { missing, nowMs }) };
  }

  #seat(owner: string, { account, startMs, expiresAtMs }: Place, by: Movement): void {
    this.#sql.exec("insert into line (owner, account, slot) values (?, ?, ?)", owner, account, startMs);
    const counted = { ...by, lines: 1 };
    if (expiresAtMs === undefined) this.#add(account, startMs, counted);
    else this.move(account, { startMs, expiresAtMs }, counted);
  }

  #moveLines(owner: string, by: Movement): void {
    this.#sql.exec(
      `${ADD_TO_BUCKET} where (account, slot) in (select account, slot from line where owner = ?)`,
      ...movementValues(by),
      owner,
    );
  }
}

/** How the limits stand that can refuse. */
function blockingStates(seats: readonly Seat[], states: readonly AccountState[]): readonly AccountState[] {
  return seats.flatMap(({ entry }) =>
    entry.blocking ? states.filter(({ budget, account }) => budget === entry.budget && account === entry.account) : [],
  );
}

/** All limits, for what may be held beside what is needed. */
function spareLimits(seats: readonly Seat[], states: readonly AccountState[]): readonly SpareLimit[] {
  return seats.flatMap(({ entry: { budget, account, blocking } }) =>
    states
      .filter((state) => state.budget === budget && state.account === account)
      .map((state) => ({ ...state, blocking })),
  );
}

const ADD_TO_BUCKET = `update bucket set spent_r = spent_r + ?, spent_t = spent_t + ?, spent_u = spent_u + ?, held_r = held_r + ?, held_t = held_t + ?,
  held_u = held_u + ?, unknown_t = unknown_t + ?, unknown_u = unknown_u + ?, lines = lines + ?`;

const listed = (amounts: PartlyKnownAmounts | undefined): readonly number[] =>
  metrics.map((metric) => amounts?.[metric] ?? 0);

function movementValues({ spent, held, lines = 0, unknownTokens = 0, unknownCost = 0 }: Movement): readonly number[] {
  return [...listed(spent), ...listed(held), unknownTokens, unknownCost, lines];
}
