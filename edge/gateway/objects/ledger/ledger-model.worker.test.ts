import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { type Amounts, type LedgerEntry, metrics, NO_AMOUNTS } from "@millrace/core/ledger";
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
  entry("users", "user:b", { tokens: 200 }),
];

interface Modelled {
  readonly entries: readonly LedgerEntry[];
  readonly most: Amounts;
  readonly dueMs: number;
  state: "held" | "assumed" | "settled" | "released";
  spent: Amounts;
}

/** What a ledger is, without a database: the exchanges, and sums over all of them. */
class Model {
  readonly exchanges = new Map<string, Modelled>();

  total(name: LedgerEntry, metric: (typeof metrics)[number]): number {
    let sum = 0;
    for (const { entries, most, spent, state } of this.exchanges.values())
      if (entries.includes(name)) sum += (state === "held" || state === "assumed" ? most : spent)[metric];
    return sum;
  }

  fits(entries: readonly LedgerEntry[], most: Amounts): boolean {
    return entries.every((each) =>
      metrics.every(
        (metric) => this.total(each, metric) + most[metric] <= (each.limit[metric] ?? Number.POSITIVE_INFINITY),
      ),
    );
  }

  end(id: string, state: "settled" | "released", spent: Amounts): void {
    const known = this.exchanges.get(id);
    if (known !== undefined && known.state !== "settled") this.exchanges.set(id, { ...known, state, spent });
  }

  sweep(nowMs: number): void {
    for (const each of this.exchanges.values())
      if (each.state === "held" && each.dueMs <= nowMs) each.state = "assumed";
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
    const id = `x${this.#pick(60)}`;
    const known = this.model.exchanges.get(id);
    const step = this.#pick(5);
    if (step < 2) this.#reserve(id, known);
    else if (step === 4) this.#wait();
    // Who released has sent nothing: nothing is settled behind it, or a limit could be passed.
    else if (known !== undefined && known.state !== "released")
      this.#end(id, known, step === 2 ? "settled" : "released");
  }

  #reserve(id: string, known: Modelled | undefined): void {
    if (known?.state === "released") return;
    const entries = known?.entries ?? budgets.filter(() => this.#pick(2) === 0);
    const most = { requests: 1, tokens: this.#pick(60), usd_micros: this.#pick(40) };
    const fits = this.model.fits(entries, most);
    const outcome = this.#book.reserve({ id, project, entries, atMost: most, ttlMs: TTL_MS });
    expect(outcome.ok).toBe(known !== undefined || fits);
    if (known !== undefined || !fits) return;
    this.model.exchanges.set(id, { entries, most, dueMs: this.#nowMs + TTL_MS, state: "held", spent: NO_AMOUNTS });
  }

  #end(id: string, { entries, most }: Modelled, state: "settled" | "released"): void {
    const taken = { requests: 1, tokens: this.#pick(most.tokens + 1), usd_micros: this.#pick(most.usd_micros + 1) };
    if (state === "settled") this.#book.settle({ id, project, entries, actual: taken });
    else this.#book.release(id);
    this.model.end(id, state, state === "settled" ? taken : NO_AMOUNTS);
  }

  #wait(): void {
    this.#nowMs += this.#pick(300);
    this.#keeper.keep();
    this.model.sweep(this.#nowMs);
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
