import {
  addAmounts,
  type AccountState,
  type HeldPart,
  MAX_SPARE_MS,
  missingAmounts,
  NO_AMOUNTS,
  type PartlyKnownAmounts,
  type ReserveOutcome,
  timesAmounts,
} from "@millrace/core/ledger";
import { errorFields, type Log } from "@millrace/core/log";
import { BEHIND, callLedger, type LedgerCallDeps, WHILE_WAITED_FOR } from "../call-ledger.ts";
import { AdvancePool, type Need, type PoolFacts, type TakenPart } from "./advance-pool.ts";

/** Sets of accounts that one isolate holds something of; beyond it exchanges ask one by one. */
const MAX_POOLS = 2_000;
/** Advances that an exchange waits for while others take them; then it asks for itself. */
const MAX_ROUNDS = 4;
/** A return that takes longer died with the request that made it. Milliseconds. */
const RETURN_LOST_MS = 30_000;
/** Who is refused waits no longer for what is on its way back. Milliseconds. */
const RETURN_LIMIT_MS = 3_000;
/** How often what is over or idle is looked for. Milliseconds. */
const TICK_MS = 1_000;
/** A Worker outlives its caller by half a minute: in good time another request looks after the advances. Milliseconds. */
const RENEW_KEEPER_MS = 15_000;
/** More than anybody reserves: all of it. */
const ALL: PartlyKnownAmounts = timesAmounts({ requests: 1, tokens: 1, usd_micros: 1 }, Number.MAX_SAFE_INTEGER);

export interface AdvanceDeps extends LedgerCallDeps {
  readonly nowMs: () => number;
  readonly newReservationId: () => string;
  readonly log: Log;
}

export type KeepAlive = (work: Promise<unknown>) => void;

export interface HoldRequest extends Need {
  readonly pool: AdvancePool;
  readonly keepAlive: KeepAlive;
}

export type HoldOutcome =
  | { readonly ok: true; readonly parts: readonly TakenPart[]; readonly accounts: readonly AccountState[] }
  | Extract<ReserveOutcome, { ok: false }>;

/** The ledger's answer, with the asker's own part of what was granted; undefined = nothing was. */
interface Asked {
  readonly outcome: ReserveOutcome;
  readonly own: TakenPart | undefined;
}

interface Granted {
  readonly id: string;
  readonly askedAtMs: number;
  readonly outcome: ReserveOutcome;
  readonly onlyWithSpare: boolean;
}

/** Amounts of some accounts on their way back. */
interface Return {
  readonly pool: AdvancePool;
  readonly startedAtMs: number;
  readonly done: Promise<void>;
}

interface Keeper {
  readonly startedAtMs: number;
  tickedAtMs: number;
}

/**
 * What this isolate holds of budgets beyond single exchanges. While the limits are far, an exchange takes from what is here and waits for nobody; the
 * ledger is asked for more behind its back. When the ledger says that a limit is near, every exchange asks for itself, and gives back at once
 * what it did not need. An isolate that is killed leaves what it held as taken until the windows are over.
 */
export class IsolateAdvances {
  readonly #deps: AdvanceDeps;
  /** Where the next exchange of a key looks. */
  readonly #pools = new Map<string, AdvancePool>();
  /** All that hold something: exchanges go on with a pool also when its key has another one by now. */
  readonly #held = new Set<AdvancePool>();
  readonly #returns = new Set<Return>();
  #keeper: Keeper | undefined;

  constructor(deps: AdvanceDeps) {
    this.#deps = deps;
  }

  pool(key: string, facts: () => Omit<PoolFacts, "key">): AdvancePool {
    return this.#pools.get(key) ?? new AdvancePool({ ...facts(), key });
  }

  /** Holds what the exchange needs, from what is here or from the ledger. @throws what the ledger's last try threw. */
  hold(request: HoldRequest): HoldOutcome | Promise<HoldOutcome> {
    const { pool, keepAlive } = request;
    const here = this.#takeHere(request);
    if (here === undefined) return this.#wait(request);
    const nowMs = this.#deps.nowMs();
    // Near a limit what is held for nobody may be what another is refused for.
    if (!pool.isTight && pool.refill(nowMs) === undefined && pool.isLow(request, nowMs))
      keepAlive(this.#topUp(request));
    return here;
  }

  /** Gives up what an exchange has taken and not used. Never rejects. */
  async free(pool: AdvancePool, exchangeId: string, parts: readonly TakenPart[]): Promise<void> {
    const { ledgerName, project, entries } = pool.facts;
    const closed: HeldPart[] = [];
    for (const { advance, reservation, amounts } of parts) {
      if (advance?.isOpen === true) advance.putBack(amounts);
      else if (advance !== undefined) closed.push({ reservation, amounts });
      else await this.#giveBack(ledgerName, { reservation, amounts });
    }
    if (closed.length === 0) return;
    const settlement = { id: exchangeId, project, entries, held: closed, actual: NO_AMOUNTS };
    await this.#behind(ledgerName, (ledger) => ledger.settle(settlement));
  }

  #takeHere(request: HoldRequest): HoldOutcome | undefined {
    const { pool } = request;
    const nowMs = this.#deps.nowMs();
    if (!pool.has(request, nowMs)) return undefined;
    this.#keep(request.keepAlive);
    return { ok: true, parts: pool.take(request, nowMs), accounts: pool.accounts() };
  }

  async #wait(request: HoldRequest): Promise<HoldOutcome> {
    const { pool } = request;
    for (let round = 0; round < MAX_ROUNDS && !pool.isTight; round++) {
      const nowMs = this.#deps.nowMs();
      const refill = pool.refill(nowMs);
      if (refill === undefined) break;
      await refill.wait(nowMs);
      const here = this.#takeHere(request);
      if (here !== undefined) return here;
    }
    this.#forgetIfEmpty(pool);
    // As often as there is an account that may be the one that is short.
    return this.#ask(request, pool.facts.entries.length);
  }

  /** Asks the ledger for what is missing here; again, up to `more` times, when this isolate has returned what it was refused for. */
  async #ask(request: HoldRequest, more: number): Promise<HoldOutcome> {
    const { pool, amounts, keepAlive } = request;
    const taken = pool.take(request, this.#deps.nowMs());
    const there = taken.reduce((sum, part) => addAmounts(sum, part.amounts), timesAmounts(amounts, 0));
    let asked: Asked;
    try {
      asked = await this.#reserve({ ...request, amounts: missingAmounts(amounts, there) }, "needed");
    } catch (error) {
      keepAlive(this.free(pool, this.#deps.newReservationId(), taken));
      throw error;
    }
    const { outcome, own } = asked;
    if (own !== undefined) {
      if (own.advance === undefined) keepAlive(this.#closeAll([pool]));
      return { ok: true, parts: [...taken, own], accounts: outcome.accounts };
    }
    if (outcome.ok) throw new Error("what is needed is reserved or refused");
    await this.free(pool, this.#deps.newReservationId(), taken);
    // What this isolate holds for others must not be what this exchange fails for.
    const isMore = await this.#returned(outcome.refusal, keepAlive);
    return isMore && more > 0 ? this.#ask(request, more - 1) : outcome;
  }

  /** One question. What is granted beyond what the asker needs is in the pool when the answer is here. */
  async #reserve(request: HoldRequest, need: "needed" | "spare-only"): Promise<Asked> {
    const { pool, amounts, ttlMs } = request;
    const { ledgerName, project, entries } = pool.facts;
    const id = this.#deps.newReservationId();
    const askedAtMs = this.#deps.nowMs();
    const wanted = this.#held.size < MAX_POOLS || this.#held.has(pool) ? pool.nextTimes(askedAtMs) : 0;
    const onlyWithSpare = need === "spare-only";
    const question = { id, project, entries, atMost: amounts, wanted, ttlMs: MAX_SPARE_MS + ttlMs, onlyWithSpare };
    const asking = callLedger(ledgerName, (ledger) => ledger.reserve(question), {
      deps: this.#deps,
      patience: WHILE_WAITED_FOR,
    }).then((outcome) => this.#granted(request, { id, askedAtMs, outcome, onlyWithSpare }));
    if (wanted > 0) this.#follow(pool, asking);
    try {
      return await asking;
    } catch (error) {
      // It may have been made although its answer was lost.
      request.keepAlive(this.#giveBack(ledgerName, { reservation: id, amounts: ALL }));
      throw error;
    }
  }

  /** In the turn in which the answer comes: what the asker needs nobody else may take. */
  #granted(
    { pool, amounts, ttlMs, keepAlive }: HoldRequest,
    { id, askedAtMs, outcome, onlyWithSpare }: Granted,
  ): Asked {
    pool.isTight = !outcome.ok || outcome.spare === 0;
    if (!outcome.ok || (outcome.spare === 0 && onlyWithSpare)) return { outcome, own: undefined };
    if (outcome.spare === 0) return { outcome, own: { reservation: id, amounts } };
    const facts = {
      id,
      amounts: timesAmounts(amounts, 1 + outcome.spare),
      validUntilMs: askedAtMs + outcome.forMs,
      exchangeTtlMs: ttlMs,
      accounts: outcome.accounts,
    };
    const advance = pool.add(facts, this.#deps.nowMs());
    this.#remember(pool);
    this.#keep(keepAlive);
    return { outcome, own: { reservation: id, amounts: advance.take(amounts), advance } };
  }

  /** Others may wait for the answer. */
  #follow(pool: AdvancePool, asking: Promise<unknown>): void {
    this.#remember(pool);
    pool.follow(asking, this.#deps.nowMs(), () => this.#forgetIfEmpty(pool));
  }

  #remember(pool: AdvancePool): void {
    this.#held.add(pool);
    if (!this.#pools.has(pool.facts.key)) this.#pools.set(pool.facts.key, pool);
  }

  #forgetIfEmpty(pool: AdvancePool): void {
    if (!pool.isEmpty(this.#deps.nowMs())) return;
    this.#held.delete(pool);
    if (this.#pools.get(pool.facts.key) === pool) this.#pools.delete(pool.facts.key);
  }

  /** More for the exchanges that come next, before they have to wait for it. Never rejects. */
  async #topUp(request: HoldRequest): Promise<void> {
    try {
      const { own } = await this.#reserve(request, "spare-only");
      if (own !== undefined) await this.free(request.pool, this.#deps.newReservationId(), [own]);
    } catch (error) {
      this.#deps.log("warn", "ledger-advance-failed", errorFields(error));
    }
  }

  /** Returns all that is held here of an account that is short. @returns whether anything was, or was on its way already. */
  async #returned({ budget, account }: AccountState, keepAlive: KeepAlive): Promise<boolean> {
    const isOf = ({ facts }: AdvancePool): boolean =>
      facts.entries.some((entry) => entry.budget === budget && entry.account === account);
    const pools = [...this.#held].filter(isOf);
    for (const pool of pools) pool.isTight = true;
    const nowMs = this.#deps.nowMs();
    const underWay = [...this.#returns].filter(
      ({ pool, startedAtMs }) => isOf(pool) && nowMs - startedAtMs < RETURN_LOST_MS,
    );
    const own = this.#close(pools, "all");
    const returns = Promise.all([...own, ...underWay.map(({ done }) => done)]);
    keepAlive(returns);
    await Promise.race([returns, this.#deps.pause(RETURN_LIMIT_MS)]);
    return own.length > 0 || underWay.length > 0;
  }

  async #closeAll(pools: Iterable<AdvancePool>, which: "due" | "all" = "all"): Promise<void> {
    await Promise.all(this.#close(pools, which));
  }

  /** One return for each advance that had something left. */
  #close(pools: Iterable<AdvancePool>, which: "due" | "all"): readonly Promise<void>[] {
    const nowMs = this.#deps.nowMs();
    return [...pools].flatMap((pool) => pool.close(nowMs, which).map((part) => this.#return(pool, part)));
  }

  async #return(pool: AdvancePool, part: HeldPart): Promise<void> {
    const startedAtMs = this.#deps.nowMs();
    const done = this.#giveBack(pool.facts.ledgerName, part);
    const entry = { pool, startedAtMs, done };
    this.#returns.add(entry);
    for (const older of this.#returns)
      if (startedAtMs - older.startedAtMs >= RETURN_LOST_MS) this.#returns.delete(older);
    await done;
    this.#returns.delete(entry);
  }

  async #giveBack(ledgerName: string, { reservation, amounts }: HeldPart): Promise<void> {
    await this.#behind(ledgerName, (ledger) => ledger.giveBack(reservation, amounts));
  }

  async #behind(ledgerName: string, call: Parameters<typeof callLedger<void>>[1]): Promise<void> {
    try {
      await callLedger(ledgerName, call, { deps: this.#deps, patience: BEHIND });
    } catch (error) {
      this.#deps.log("warn", "ledger-release-failed", errorFields(error));
    }
  }

  /** Sees to it that some request looks after what is held here. */
  #keep(keepAlive: KeepAlive): void {
    const nowMs = this.#deps.nowMs();
    const current = this.#keeper;
    const isAlive = current !== undefined && nowMs - current.tickedAtMs < 3 * TICK_MS;
    if (isAlive && nowMs - current.startedAtMs < RENEW_KEEPER_MS) return;
    const keeper = { startedAtMs: nowMs, tickedAtMs: nowMs };
    this.#keeper = keeper;
    keepAlive(this.#look(keeper));
  }

  async #look(keeper: Keeper): Promise<void> {
    while (this.#keeper === keeper) {
      await this.#deps.pause(TICK_MS);
      keeper.tickedAtMs = this.#deps.nowMs();
      const pools = [...this.#held];
      const closing = this.#closeAll(pools, "due");
      for (const pool of pools) this.#forgetIfEmpty(pool);
      if (this.#held.size === 0 && this.#keeper === keeper) this.#keeper = undefined;
      await closing;
    }
  }
}
