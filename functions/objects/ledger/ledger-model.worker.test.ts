import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { type Amounts, eachMetric, type LedgerEntry, metrics, subtractAmounts } from "@millrace/core/ledger";
import type { Ledger } from "../ledger.ts";
import { LedgerBook } from "./ledger-book.ts";
import { LedgerKeeper } from "./ledger-keeper.ts";

const { LEDGER } = env as unknown as { readonly LEDGER: DurableObjectNamespace<Ledger> };
const project = { id: "prj_a", slug: "acme" };
const TTL_MS = 500;
const window = { kind: "calendar", unit: "month", time_zone: "UTC" } as const;

function entry(budget: string, account: string, limit: LedgerEntry["limit"]): LedgerEntry {
  return { budget, account, window, limit, blocking: true, alerts: [], webhook: undefined };
}
const budgets = [
  entry("b", "project:", { tokens: 500, requests: 40 }),
  entry("money", "project:", { usd_micros: 300 }),
  entry("users", "user:a", { tokens: 200 }),
  // Far enough from its end that there is something to spare of it.
  entry("wide", "user:b", { tokens: 2_000_000 }),
];

interface Reserved {
  readonly entries: readonly LedgerEntry[];
  readonly dueMs: number;
  /** Of nobody. */
  free: Amounts;
  /** Of exchanges that are under way. */
  readonly held: Map<string, Amounts>;
  left: Amounts;
  closed: boolean;
}

const minus = (a: Amounts, b: Amounts): Amounts => known(subtractAmounts(a, b));
const known = (of: ReturnType<typeof subtractAmounts>): Amounts => eachMetric((metric) => of[metric] ?? 0);

/** What a ledger is, without a database: what is left of reservations, what was settled, and sums over both. */
class Model {
  readonly reservations = new Map<string, Reserved>();
  readonly settled = new Map<string, { readonly entries: readonly LedgerEntry[]; readonly spent: Amounts }>();

  total(name: LedgerEntry, metric: (typeof metrics)[number]): number {
    let sum = 0;
    for (const { entries, left } of this.reservations.values()) if (entries.includes(name)) sum += left[metric];
    for (const { entries, spent } of this.settled.values()) if (entries.includes(name)) sum += spent[metric];
    return sum;
  }

  fits(entries: readonly LedgerEntry[], most: Amounts): boolean {
    return entries.every((each) =>
      metrics.every(
        (metric) => this.total(each, metric) + most[metric] <= (each.limit[metric] ?? Number.POSITIVE_INFINITY),
      ),
    );
  }
}

/** Draws with a seed, so that a failure can be had again. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The book and the model, taking the same steps. */
class Pair {
  readonly model = new Model();
  readonly #book: LedgerBook;
  readonly #keeper: LedgerKeeper;
  readonly #pick: (below: number) => number;
  #nowMs = Date.UTC(2026, 10, 22, 12);

  constructor(storage: DurableObjectStorage, seed: number) {
    const deps = { nowMs: () => this.#nowMs };
    this.#book = new LedgerBook(storage, deps);
    this.#keeper = new LedgerKeeper(storage.sql, this.#book, deps);
    this.#pick = chanceOf(seed);
  }

  step(): void {
    const step = this.#pick(8);
    if (step < 2) this.#reserve(`r${this.#pick(80)}`);
    else if (step < 4) this.#take(`x${this.#pick(200)}`);
    else if (step < 6) this.#settle();
    else if (step === 6) this.#giveBack(`r${this.#pick(80)}`);
    else this.#wait();
  }

  #reserve(id: string): void {
    const before = this.model.reservations.get(id);
    // What was over for its time is forgotten, and would be another one.
    if (before !== undefined && (before.closed || before.dueMs <= this.#nowMs)) return;
    const entries = before?.entries ?? budgets.filter(() => this.#pick(2) === 0);
    const most = { requests: 1, tokens: 1 + this.#pick(60), usd_micros: this.#pick(40) };
    const fits = this.model.fits(entries, most);
    const wanted = this.#pick(5);
    const outcome = this.#book.reserve({ id, project, entries, atMost: most, wanted, ttlMs: TTL_MS });
    expect(outcome.ok).toBe(before !== undefined || fits);
    if (before !== undefined || !outcome.ok) return;
    expect(outcome.spare).toBeLessThanOrEqual(wanted);
    const left = eachMetric((metric) => most[metric] * (1 + outcome.spare));
    const dueMs = this.#nowMs + TTL_MS;
    this.model.reservations.set(id, { entries, dueMs, left, free: left, held: new Map(), closed: false });
  }

  /** An exchange takes a part of what a gateway holds; the ledger does not hear of it. */
  #take(exchange: string): void {
    const open = [...this.model.reservations.values()].filter(({ closed }) => !closed);
    const from = open[this.#pick(open.length)];
    const isNew = open.every(({ held }) => !held.has(exchange)) && !this.model.settled.has(exchange);
    if (from === undefined || !isNew) return;
    const part = eachMetric((metric) => this.#pick(from.free[metric] + 1));
    from.free = minus(from.free, part);
    from.held.set(exchange, part);
  }

  /** Some exchange that is under way, or one that was settled before. */
  #settle(): void {
    const underWay = [...this.model.reservations].flatMap(([id, { held }]) =>
      [...held].map((of) => [id, ...of] as const),
    );
    const picked = underWay[this.#pick(underWay.length)];
    if (picked === undefined) return;
    const [reservation, id, part] = picked;
    const from = this.model.reservations.get(reservation);
    if (from === undefined) return;
    const spent = eachMetric((metric) => this.#pick(part[metric] + 1));
    const settlement = { id, project, entries: from.entries, actual: spent, held: [{ reservation, amounts: part }] };
    expect(this.#book.settle(settlement)).toBe(true);
    expect(this.#book.settle({ ...settlement, actual: part })).toBe(false);
    from.held.delete(id);
    from.left = minus(from.left, part);
    this.model.settled.set(id, { entries: from.entries, spent });
  }

  #giveBack(id: string): void {
    const reserved = this.model.reservations.get(id);
    if (reserved === undefined) return;
    this.#book.giveBack(id, reserved.free);
    if (reserved.closed) return;
    reserved.closed = true;
    reserved.left = minus(reserved.left, reserved.free);
  }

  #wait(): void {
    this.#nowMs += this.#pick(300);
    this.#keeper.keep();
  }

  compare(): void {
    for (const each of budgets) {
      for (const { metric, spent, reserved, limit } of this.#book.accounts.states(
        this.#book.accounts.seats([each], this.#nowMs),
        this.#nowMs,
      )) {
        expect(spent + reserved).toBe(this.model.total(each, metric));
        expect(spent + reserved).toBeLessThanOrEqual(limit);
      }
    }
    expect(this.#keeper.audit().balanced).toBe(true);
  }
}

afterEach(async () => reset());

describe("the book", () => {
  it.each([1, 2, 3, 4])(
    "agrees with a model after every step, balances, and passes no limit (seed %i)",
    async (seed) => {
      await runInDurableObject(LEDGER.getByName(project.id), (_instance: Ledger, { storage }) => {
        const pair = new Pair(storage, seed);
        for (let step = 0; step < 400; step++) {
          pair.step();
          pair.compare();
        }
      });
    },
  );
});
