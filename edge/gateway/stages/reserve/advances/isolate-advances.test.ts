import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  eachMetric,
  type LedgerEntry,
  type LedgerService,
  type PartlyKnownAmounts,
  type ReserveOutcome,
  type Settlement,
  spareTimes,
  timesAmounts,
} from "@millrace/core/ledger";
import { Reservation } from "../reservation.ts";
import { IDLE_MS } from "./advance-pool.ts";
import { type HoldOutcome, type HoldRequest, IsolateAdvances } from "./isolate-advances.ts";

const project = { id: "prj_a", slug: "acme" };
const tokens = (count: number): PartlyKnownAmounts => ({ requests: 1, tokens: count, usd_micros: 0 });

function entry(account: string, limit: number): LedgerEntry {
  const window = { kind: "calendar", unit: "month", time_zone: "UTC" } as const;
  return { budget: "b", account, window, limit: { tokens: limit }, blocking: true, alerts: [], webhook: undefined };
}

/** A clock that stands until the test turns it, and wakes who waits. */
class Time {
  nowMs = 1_000_000;
  #waiting: { readonly atMs: number; readonly wake: () => void }[] = [];

  pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ atMs: this.nowMs + delayMs, wake: resolve }));
  }

  async advance(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs = Math.min(endMs, this.nowMs + 100);
      const due = this.#waiting.filter(({ atMs }) => atMs <= this.nowMs);
      this.#waiting = this.#waiting.filter(({ atMs }) => atMs > this.nowMs);
      for (const { wake } of due) wake();
      await settled();
    }
  }
}

/** Lets everything run that waits for nobody. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** The ledger of one project in memory, by the rules of the real one; all accounts have tokens. */
class MemoryLedger implements LedgerService {
  readonly calls: string[] = [];
  readonly #reservations = new Map<
    string,
    { entries: readonly LedgerEntry[]; left: PartlyKnownAmounts; closed: boolean }
  >();
  readonly #settled = new Map<string, Settlement>();
  isAway = false;
  forMs = 30_000;
  /** Holds back answers; resolves when the test says so. */
  gate: Promise<void> = Promise.resolve();

  sums(account: string): { readonly spent: number; readonly reserved: number } {
    let [spent, reserved] = [0, 0];
    for (const { entries, left } of this.#reservations.values())
      if (entries.some((each) => each.account === account)) reserved += left.tokens ?? 0;
    for (const { entries, actual } of this.#settled.values())
      if (entries.some((each) => each.account === account)) spent += actual.tokens ?? 0;
    return { spent, reserved };
  }

  async #call(name: string): Promise<void> {
    this.calls.push(name);
    await this.gate;
    if (this.isAway) throw new Error("away");
  }

  async reserve({ id, entries, atMost, wanted }: Parameters<LedgerService["reserve"]>[0]): Promise<ReserveOutcome> {
    await this.#call("reserve");
    const states = entries.map(({ budget, account, limit }) => {
      const { spent, reserved } = this.sums(account);
      return {
        budget,
        account,
        metric: "tokens" as const,
        limit: limit.tokens ?? 0,
        spent,
        reserved,
        resetsAtMs: 0,
        windowMs: 0,
      };
    });
    const refusal = states.find(({ limit, spent, reserved }) => spent + reserved + (atMost.tokens ?? 0) > limit);
    if (refusal !== undefined) return { ok: false, refusal, asked: atMost.tokens ?? 0, accounts: states };
    const spare = spareTimes({ atMost, wanted, forMs: this.forMs, limits: states });
    this.#reservations.set(id, { entries, left: timesAmounts(atMost, 1 + spare), closed: false });
    return { ok: true, accounts: states, spare, forMs: this.forMs };
  }

  async settle(settlement: Settlement): Promise<void> {
    await this.#call("settle");
    this.take(settlement);
  }

  take(settlement: Settlement): void {
    if (this.#settled.has(settlement.id)) return;
    this.#settled.set(settlement.id, settlement);
    for (const { reservation, amounts } of settlement.held) this.#free(reservation, amounts);
  }

  async giveBack(id: string, amounts: PartlyKnownAmounts): Promise<void> {
    await this.#call("giveBack");
    const known = this.#reservations.get(id);
    if (known === undefined || known.closed) return;
    known.closed = true;
    this.#free(id, amounts);
  }

  #free(id: string, amounts: PartlyKnownAmounts): void {
    const known = this.#reservations.get(id);
    if (known === undefined) return;
    const all = amounts.tokens === Number.MAX_SAFE_INTEGER;
    known.left = eachMetric((metric) => (all ? 0 : (known.left[metric] ?? 0) - (amounts[metric] ?? 0)));
    // Freed twice, or more than was held: the real one would let it be, this one tells.
    if (Object.values(known.left).some((left) => left !== null && left < 0)) throw new Error("more than was held");
  }

  async post(): Promise<void> {
    throw new Error("the outbox posts, not the gateway");
  }

  async usage(): Promise<readonly []> {
    return [];
  }

  audit(): Promise<never> {
    throw new Error("not asked by a gateway");
  }
}

function isolate(limits: Readonly<Record<string, number>>) {
  const time = new Time();
  const ledger = new MemoryLedger();
  let ids = 0;
  const behind: Promise<unknown>[] = [];
  const deps = {
    ledger: () => ledger,
    pause: (delayMs: number) => time.pause(delayMs),
    nowMs: () => time.nowMs,
    newReservationId: () => `rsv_${++ids}`,
    log: () => undefined,
  };
  const advances = new IsolateAdvances(deps);
  const request = (accounts: readonly string[], atMost = tokens(100)): HoldRequest => {
    const entries = accounts.map((account) => entry(account, limits[account] ?? 0));
    const key = accounts.join();
    const pool = advances.pool(key, () => ({ ledgerName: project.id, project, entries }));
    return { key, pool, amounts: atMost, ttlMs: 60_000, keepAlive: (work) => void behind.push(work) };
  };
  const hold = async (accounts: readonly string[], atMost?: PartlyKnownAmounts): Promise<HoldOutcome> =>
    advances.hold(request(accounts, atMost));
  /** Begins an exchange; undefined = it was refused. */
  const begin = async (id: string, accounts: readonly string[], atMost?: PartlyKnownAmounts) => {
    const asked = request(accounts, atMost);
    const outcome = await advances.hold(asked);
    return outcome.ok
      ? new Reservation({ exchangeId: id, request: asked, parts: outcome.parts }, { ...deps, advances })
      : undefined;
  };
  /** Ends it, as the pipeline does: now, or by way of an outbox. */
  const end = async (reservation: Reservation, took: number, outbox: Settlement[] = []): Promise<boolean> => {
    const due = reservation.end(tokens(took));
    if (due.isUrgent) await reservation.settle(due);
    else outbox.push(due.settlement);
    return due.isUrgent;
  };
  return { time, ledger, advances, hold, begin, end, behind };
}

describe("IsolateAdvances", () => {
  it("asks once for an exchange and those behind it, while the limit is far", async () => {
    const { ledger, hold } = isolate({ all: 10_000_000 });
    await hold(["all"]);
    await settled();
    const asked = ledger.calls.length;
    for (let next = 0; next < 20; next++) {
      const before = ledger.calls.length;
      const outcome = hold(["all"]);
      expect(ledger.calls.length - before).toBeLessThanOrEqual(1);
      expect((await outcome).ok).toBe(true);
      await settled();
    }
    expect(ledger.calls.length - asked).toBeLessThan(12);
  });

  it("answers hundreds that come at once with few questions, and holds what all of them need", async () => {
    const { ledger, hold } = isolate({ all: 1e9 });
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => hold(["all"])));
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(ledger.calls.length).toBeLessThan(10);
    expect(ledger.sums("all").reserved).toBeGreaterThanOrEqual(500 * 100);
  });

  it("near a limit admits exactly what fits, and one that follows another at once", async () => {
    const { begin, end, hold, ledger } = isolate({ all: 1_000 });
    const first = await Promise.all(Array.from({ length: 30 }, (_, index) => begin(`x${index}`, ["all"])));
    const admitted = first.filter((each) => each !== undefined);
    expect(admitted).toHaveLength(10);
    for (const each of admitted) expect(await end(each, 10)).toBe(true);
    expect(ledger.sums("all")).toEqual({ spent: 100, reserved: 0 });
    expect((await hold(["all"], tokens(900))).ok).toBe(true);
    expect((await hold(["all"], tokens(1))).ok).toBe(false);
  });

  it("fails no exchange for what it keeps for others", async () => {
    const { begin, hold, ledger } = isolate({ all: 20_000, ana: 1e9, bob: 1e9 });
    expect(await begin("a", ["all", "ana"])).toBeDefined();
    await settled();
    expect(ledger.sums("all").reserved).toBeGreaterThan(100);
    expect((await hold(["all", "bob"], tokens(19_900))).ok).toBe(true);
    expect(ledger.sums("all").reserved).toBe(20_000);
  });

  it("takes what is left of one advance and asks only for the rest", async () => {
    const { hold, ledger } = isolate({ all: 100_000 });
    await hold(["all"], tokens(100));
    await settled();
    const { reserved } = ledger.sums("all");
    // More than any spare: all of the limit.
    expect((await hold(["all"], tokens(100_000 - 100))).ok).toBe(true);
    expect(reserved).toBeLessThan(2_000);
    expect(ledger.sums("all").reserved).toBe(100_000);
  });

  it("gives to the next exchange what one did not need, and to the ledger what nobody uses", async () => {
    const { time, ledger, begin, end, behind } = isolate({ all: 10_000_000 });
    const outbox: Settlement[] = [];
    for (let index = 0; index < 100; index++) {
      const reservation = await begin(`x${index}`, ["all"]);
      if (reservation === undefined) throw new Error("refused");
      expect(await end(reservation, 7, outbox)).toBe(false);
      await settled();
    }
    for (const settlement of outbox) ledger.take(settlement);
    await time.advance(IDLE_MS + 2_000);
    await Promise.all(behind);
    expect(ledger.sums("all")).toEqual({ spent: 700, reserved: 0 });
    expect(ledger.calls.filter((call) => call === "reserve").length).toBeLessThan(15);
  });

  it("takes nothing from an advance whose time is over", async () => {
    const { time, ledger, hold } = isolate({ all: 10_000_000 });
    ledger.forMs = 200;
    await hold(["all"]);
    await settled();
    await time.advance(300);
    const before = ledger.calls.length;
    await hold(["all"]);
    expect(ledger.calls.length).toBeGreaterThan(before);
  });

  it("gives back by the ledger what an exchange held of an advance that is closed, and nothing twice", async () => {
    const { time, ledger, begin, behind } = isolate({ all: 10_000_000 });
    const [kept, sent] = [await begin("kept", ["all"]), await begin("sent", ["all"])];
    await time.advance(IDLE_MS + 2_000);
    expect(ledger.sums("all").reserved).toBe(200);
    await kept?.release();
    expect(ledger.sums("all")).toEqual({ spent: 0, reserved: 100 });
    const due = sent?.end(tokens(60));
    if (due !== undefined) ledger.take(due.settlement);
    await Promise.all(behind);
    expect(ledger.sums("all")).toEqual({ spent: 60, reserved: 0 });
  });

  it("serves from what it has while the ledger is away, then says so, and holds nothing for who failed", async () => {
    const { time, ledger, hold, behind } = isolate({ all: 10_000_000 });
    await hold(["all"]);
    await settled();
    ledger.isAway = true;
    expect((await hold(["all"])).ok).toBe(true);
    const failed = hold(["all"], tokens(1_000_000)).catch((error: unknown) => String(error));
    await time.advance(1_000);
    expect(await failed).toContain("away");
    ledger.isAway = false;
    await time.advance(30_000);
    await Promise.all(behind);
    expect(ledger.sums("all").reserved).toBe(200);
  });

  it("never holds more than a limit, and in the end books exactly what was taken", async () => {
    const step = fc.record({
      kind: fc.constantFrom("begin", "begin", "end", "release", "wait"),
      user: fc.constantFrom("ana", "bob"),
      most: fc.integer({ min: 1, max: 400 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const limits = { all: 60_000, ana: 30_000, bob: 4_000 };
    const check = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]): Promise<void> => {
      const { time, ledger, begin, end, behind } = isolate(limits);
      const open: { readonly reservation: Reservation; readonly most: number }[] = [];
      const outbox: Settlement[] = [];
      let spent = 0;
      for (const [index, { kind, user, most, part }] of steps.entries()) {
        const at = Math.floor(part * open.length);
        if (kind === "begin") {
          const reservation = await begin(`x${index}`, ["all", user], tokens(most));
          if (reservation !== undefined) open.push({ reservation, most });
        } else if (kind === "wait") await time.advance(Math.floor(part * 5_000));
        else {
          const [picked] = open.splice(Math.min(at, open.length - 1), 1);
          if (picked === undefined) continue;
          const took = Math.floor(picked.most * part);
          if (kind === "release") await picked.reservation.release();
          else {
            await end(picked.reservation, took, outbox);
            spent += took;
          }
          if (part > 0.5) for (const settlement of outbox.splice(0)) ledger.take(settlement);
        }
        for (const [account, limit] of Object.entries(limits)) {
          const sums = ledger.sums(account);
          expect(sums.spent + sums.reserved).toBeLessThanOrEqual(limit);
        }
      }
      for (const { reservation } of open) await reservation.release();
      for (const settlement of outbox) ledger.take(settlement);
      await time.advance(IDLE_MS + 40_000);
      await Promise.all(behind);
      expect(ledger.sums("all")).toEqual({ spent, reserved: 0 });
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 120 }), check), { numRuns: 200 });
  });
});
