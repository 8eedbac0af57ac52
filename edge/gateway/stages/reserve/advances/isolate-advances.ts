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
import { within } from "../../../memory/within.ts";
import { BEHIND, callLedger, type LedgerCallDeps, WHILE_WAITED_FOR } from "../call-ledger.ts";
import { AdvancePool, type Need, type PoolFacts, type TakenPart } from "./advance-pool.ts";

/** Sets of accounts that one isolate holds something of; beyond it exchanges ask one by one. */
const MAX_POOLS = 2_000;
/** Advances that an exchange waits for while others take them; then it asks for itself. */
const MAX_ROUNDS = 4;
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
  /** Of the pool: tenant, configuration and accounts. */
  readonly key: string;
  readonly pool: AdvancePool;
  readonly keepAlive: KeepAlive;
}

export type HoldOutcome =
  | { readonly ok: true; readonly parts: readonly TakenPart[]; readonly accounts: readonly AccountState[] }
  | Extract<ReserveOutcome, { ok: false }>;

/** The ledger's answer, with the asker's own part of what was granted. */
type Asked =
  | { readonly outcome: Extract<ReserveOutcome, { ok: true }>; readonly own: TakenPart }
  | { readonly outcome: Extract<ReserveOutcome, { ok: false }>; readonly own: undefined };

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
  readonly #pools = new Map<string, AdvancePool>();
  #keeper: Keeper | undefined;

  constructor(deps: AdvanceDeps) {
    this.#deps = deps;
  }

  pool(key: string, facts: () => PoolFacts): AdvancePool {
    return this.#pools.get(key) ?? new AdvancePool(facts());
  }

  /** Holds what the exchange needs, from what is here or from the ledger. @throws what the ledger's last try threw. */
  hold(request: HoldRequest): HoldOutcome | Promise<HoldOutcome> {
    const { pool, keepAlive } = request;
    const here = this.#takeHere(request);
    if (here === undefined) return this.#wait(request);
    if (pool.refill === undefined && pool.isLow(request, this.#deps.nowMs())) keepAlive(this.#topUp(request));
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
    const { pool, key } = request;
    for (let round = 0; round < MAX_ROUNDS && pool.refill !== undefined && !pool.isTight; round++) {
      pool.waiting++;
      // A request that is killed takes its question with it.
      await within(pool.refill, WHILE_WAITED_FOR.limitMs).catch(() => undefined);
      pool.waiting--;
      const here = this.#takeHere(request);
      if (here !== undefined) return here;
    }
    this.#forgetIfEmpty(key, pool);
    return this.#ask(request, "first");
  }

  /** Asks the ledger for what is missing here. */
  async #ask(request: HoldRequest, time: "first" | "again"): Promise<HoldOutcome> {
    const { pool, amounts, keepAlive } = request;
    const taken = pool.take(request, this.#deps.nowMs());
    const there = taken.reduce((sum, part) => addAmounts(sum, part.amounts), timesAmounts(amounts, 0));
    let asked: Asked;
    try {
      asked = await this.#reserve({ ...request, amounts: missingAmounts(amounts, there) });
    } catch (error) {
      keepAlive(this.free(pool, this.#deps.newReservationId(), taken));
      throw error;
    }
    const { outcome, own } = asked;
    if (own !== undefined) {
      if (own.advance === undefined) keepAlive(this.#closeAll([pool]));
      return { ok: true, parts: [...taken, own], accounts: outcome.accounts };
    }
    await this.free(pool, this.#deps.newReservationId(), taken);
    // What this isolate holds for others must not be what this exchange fails for.
    const returned = await this.#closeAll(this.#sharing(outcome.refusal));
    return time === "first" && returned > 0 ? this.#ask(request, "again") : outcome;
  }

  /** One question. What is granted beyond what the asker needs is in the pool when the answer is here. */
  async #reserve(request: HoldRequest): Promise<Asked> {
    const { key, pool, amounts, ttlMs } = request;
    const { ledgerName, project, entries } = pool.facts;
    const id = this.#deps.newReservationId();
    const askedAtMs = this.#deps.nowMs();
    const wanted = this.#pools.size < MAX_POOLS || this.#pools.has(key) ? pool.nextTimes(askedAtMs) : 0;
    const question = { id, project, entries, atMost: amounts, wanted, ttlMs: MAX_SPARE_MS + ttlMs };
    const asking = callLedger(ledgerName, (ledger) => ledger.reserve(question), {
      deps: this.#deps,
      patience: WHILE_WAITED_FOR,
    }).then((outcome) => this.#granted(request, { id, askedAtMs, outcome }));
    if (wanted > 0) this.#follow(key, pool, asking);
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
    { key, pool, amounts, ttlMs, keepAlive }: HoldRequest,
    { id, askedAtMs, outcome }: { readonly id: string; readonly askedAtMs: number; readonly outcome: ReserveOutcome },
  ): Asked {
    pool.isTight = !outcome.ok || outcome.spare === 0;
    if (!outcome.ok) return { outcome, own: undefined };
    if (outcome.spare === 0) return { outcome, own: { reservation: id, amounts } };
    const facts = {
      id,
      amounts: timesAmounts(amounts, 1 + outcome.spare),
      validUntilMs: askedAtMs + outcome.forMs,
      exchangeTtlMs: ttlMs,
      accounts: outcome.accounts,
    };
    const advance = pool.add(facts, this.#deps.nowMs());
    this.#pools.set(key, pool);
    this.#keep(keepAlive);
    return { outcome, own: { reservation: id, amounts: advance.take(amounts), advance } };
  }

  /** Others may wait for the answer. */
  #follow(key: string, pool: AdvancePool, asking: Promise<unknown>): void {
    if (pool.refill !== undefined) return;
    this.#pools.set(key, pool);
    const refill = asking
      .catch(() => undefined)
      .finally(() => {
        pool.refill = undefined;
        this.#forgetIfEmpty(key, pool);
      });
    pool.refill = refill;
  }

  #forgetIfEmpty(key: string, pool: AdvancePool): void {
    if (pool.isEmpty && this.#pools.get(key) === pool) this.#pools.delete(key);
  }

  /** More for the exchanges that come next, before they have to wait for it. Never rejects. */
  async #topUp(request: HoldRequest): Promise<void> {
    try {
      const { own } = await this.#reserve(request);
      if (own !== undefined) await this.free(request.pool, this.#deps.newReservationId(), [own]);
    } catch (error) {
      this.#deps.log("warn", "ledger-advance-failed", errorFields(error));
    }
  }

  /** Pools that hold something of the account. */
  #sharing({ budget, account }: AccountState): readonly AdvancePool[] {
    return [...this.#pools.values()].filter(({ facts }) =>
      facts.entries.some((entry) => entry.budget === budget && entry.account === account),
    );
  }

  /** @returns how many advances had something left. */
  async #closeAll(pools: readonly AdvancePool[], which: "due" | "all" = "all"): Promise<number> {
    const nowMs = this.#deps.nowMs();
    const returns = pools.flatMap((pool) =>
      pool.close(nowMs, which).map((part) => this.#giveBack(pool.facts.ledgerName, part)),
    );
    await Promise.all(returns);
    return returns.length;
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
      const pools = [...this.#pools];
      const closing = this.#closeAll([...this.#pools.values()], "due");
      for (const [key, pool] of pools) this.#forgetIfEmpty(key, pool);
      if (this.#pools.size === 0 && this.#keeper === keeper) this.#keeper = undefined;
      await closing;
    }
  }
}
