import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { BudgetLimit, BudgetWindow } from "@millrace/core/contract";
import type {
  LedgerEntry,
  PartlyKnownAmounts,
  ReserveOutcome,
  ReserveRequest,
  Settlement,
} from "@millrace/core/ledger";
import type { Ledger } from "../ledger.ts";
import { ASSUMED_RETENTION_MS, DONE_RETENTION_MS, LedgerBook } from "./ledger-book.ts";
import { LedgerKeeper } from "./ledger-keeper.ts";

const { LEDGER } = env as unknown as { readonly LEDGER: DurableObjectNamespace<Ledger> };
const project = { id: "prj_a", slug: "acme" };
const ledger = () => LEDGER.getByName(project.id);
const month: BudgetWindow = { kind: "calendar", unit: "month", time_zone: "UTC" };

function entry(limit: BudgetLimit, fields: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    budget: "b",
    account: "project:",
    window: month,
    limit,
    blocking: true,
    alerts: [],
    webhook: undefined,
    ...fields,
  };
}
const amounts = (tokens: number | null, micros: number | null = 0): PartlyKnownAmounts => ({
  requests: 1,
  tokens,
  usd_micros: micros,
});
function asking(id: string, entries: readonly LedgerEntry[], atMost: PartlyKnownAmounts): ReserveRequest {
  return { id, project, entries, atMost, wanted: 0, ttlMs: 600_000 };
}
/** The exchange that holds all of the reservation of its name. */
function settling(
  id: string,
  entries: readonly LedgerEntry[],
  { actual, held }: { readonly actual: PartlyKnownAmounts; readonly held?: PartlyKnownAmounts },
): Settlement {
  const parts = held === undefined ? [] : [{ reservation: id, amounts: held }];
  return { id: `exchange ${id}`, project, entries, actual, held: parts };
}

/** The book itself on the object's storage, with a clock that the test turns. */
function withBook<T>(work: (book: LedgerBook, keeper: LedgerKeeper, clock: { nowMs: number }) => T): Promise<T> {
  return runInDurableObject(ledger(), (_instance: Ledger, state) => {
    const clock = { nowMs: Date.UTC(2026, 10, 22, 12) };
    const deps = { nowMs: () => clock.nowMs };
    const book = new LedgerBook(state.storage, deps);
    return work(book, new LedgerKeeper(state.storage.sql, book, deps), clock);
  });
}
const spentOf = (keeper: LedgerKeeper) => keeper.audit().budgets[0]?.byAccount;

afterEach(async () => reset());

describe("Ledger", () => {
  it("admits exactly what fits, of a thousand that ask at once", async () => {
    const entries = [entry({ tokens: 1000 })];
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => ledger().reserve(asking(`x${index}`, entries, amounts(10)))),
    );
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(100);
    const refused = outcomes.find((outcome): outcome is Extract<ReserveOutcome, { ok: false }> => !outcome.ok);
    expect(refused).toMatchObject({ asked: 10, refusal: { metric: "tokens", limit: 1000, reserved: 1000 } });
    expect((await ledger().audit()).balanced).toBe(true);
  });

  it("holds all accounts of an exchange or none", async () => {
    const wide = entry({ tokens: 1000 });
    const narrow = entry({ requests: 1 }, { budget: "narrow", account: "user:ana" });
    await ledger().reserve(asking("one", [wide, narrow], amounts(10)));
    expect((await ledger().reserve(asking("two", [wide, narrow], amounts(10)))).ok).toBe(false);
    const audit = await ledger().audit();
    expect(audit.budgets.map(({ byAccount }) => byAccount.reserved)).toEqual([
      { requests: 1, tokens: 10, usd_micros: 0 },
      { requests: 1, tokens: 10, usd_micros: 0 },
    ]);
  });

  it("leaves no account behind for who is refused at first, but for one that an alert names", async () => {
    const full = entry({ tokens: 10 });
    const webhook = { url: "http://127.0.0.1:9/x", secret: undefined };
    const watched = entry({ tokens: 5 }, { budget: "watched", account: "user:told", alerts: [1], webhook });
    await ledger().reserve(asking("one", [full], amounts(10)));
    for (let user = 0; user < 3; user++) {
      const narrow = entry({ tokens: 100 }, { budget: "narrow", account: `user:${user}` });
      expect((await ledger().reserve(asking(`x${user}`, [full, narrow], amounts(10)))).ok).toBe(false);
    }
    expect((await ledger().reserve(asking("y", [watched], amounts(10)))).ok).toBe(false);
    const subjects = await runInDurableObject(ledger(), (_instance: Ledger, { storage }) =>
      [...storage.sql.exec<{ subject: string }>("select subject from account order by id")].map((row) => row.subject),
    );
    expect(subjects).toEqual(["project:", "user:told"]);
    // An id that was dropped is not remembered as somebody's.
    const narrow = entry({ tokens: 100 }, { budget: "narrow", account: "user:0" });
    expect((await ledger().reserve(asking("z", [narrow], amounts(10)))).ok).toBe(true);
    expect((await ledger().audit()).budgets).toHaveLength(2);
  });

  it("only counts what may not block", async () => {
    const soft = [entry({ tokens: 1 }, { blocking: false })];
    expect((await ledger().reserve(asking("x", soft, amounts(null, null)))).ok).toBe(true);
    await ledger().settle(settling("x", soft, { actual: amounts(7, null), held: amounts(null, null) }));
    const [usage] = await ledger().usage({ limit: 10 });
    expect(usage).toMatchObject({ spent: { requests: 1, tokens: 7, usd_micros: 0 }, unknownCost: 1, unknownTokens: 0 });
  });

  it("remembers across an eviction, and takes what comes twice once", async () => {
    const entries = [entry({ tokens: 100 })];
    for (let time = 0; time < 2; time++)
      expect((await ledger().reserve(asking("x", entries, amounts(80)))).ok).toBe(true);
    await evictDurableObject(ledger());
    expect((await ledger().reserve(asking("y", entries, amounts(80)))).ok).toBe(false);
    const settlement = settling("x", entries, { actual: amounts(30), held: amounts(80) });
    for (let time = 0; time < 2; time++) await ledger().settle(settlement);
    await evictDurableObject(ledger());
    const [usage] = await ledger().usage({ limit: 10 });
    expect(usage).toMatchObject({ spent: { tokens: 30 }, reserved: { tokens: 0 } });
  });

  it("sweeps by alarm, and what is swept counts as the most it could take", async () => {
    const entries = [entry({ tokens: 100 })];
    await ledger().reserve({ ...asking("x", entries, amounts(80)), ttlMs: -1 });
    expect(await runDurableObjectAlarm(ledger())).toBe(true);
    const audit = await ledger().audit();
    expect(audit).toMatchObject({ settled: 0, reservations: { held: 0, assumed: 1 } });
    expect(audit.budgets[0]?.byAccount.spent.tokens).toBe(80);
  });

  it("takes what an outbox hands on once, however often and in whatever pieces it comes", async () => {
    const entries = [entry({ tokens: 1000 })];
    const item = (seq: number) => ({
      seq,
      settlement: settling(`x${seq}`, entries, { actual: amounts(10) }),
    });
    await ledger().post({ outbox: "outbox-1", items: [item(1), item(2)] });
    await ledger().post({ outbox: "outbox-1", items: [item(1), item(2), item(5)] });
    await ledger().post({ outbox: "outbox-1", items: [item(2)] });
    // Numbers are each outbox's own; the exchange is the same, whichever way it came.
    await ledger().post({ outbox: "outbox-2", items: [item(1), item(7)] });
    const [usage] = await ledger().usage({ limit: 10 });
    expect(usage?.spent.tokens).toBe(40);
    expect((await ledger().audit()).balanced).toBe(true);
  });
});

describe("spare", () => {
  it("is given while every limit is far, never more than a small part of what is left, and holds what it says", async () => {
    const entries = [entry({ tokens: 1_000_000 })];
    const outcome = await ledger().reserve({ ...asking("x", entries, amounts(100)), wanted: 1000 });
    expect(outcome).toMatchObject({ ok: true, spare: 156, forMs: 30_000 });
    const [usage] = await ledger().usage({ limit: 1 });
    expect(usage?.reserved).toEqual({ requests: 157, tokens: 15_700, usd_micros: 0 });
    // Asked again, as after an answer that was lost.
    expect(await ledger().reserve({ ...asking("x", entries, amounts(100)), wanted: 1000 })).toMatchObject({
      spare: 156,
    });
  });

  it("is not given near a limit, of which the nearest decides", async () => {
    const far = entry({ tokens: 1_000_000 });
    const near = entry({ requests: 60 }, { budget: "near", account: "key:a" });
    expect(await ledger().reserve({ ...asking("x", [far, near], amounts(10)), wanted: 4 })).toMatchObject({ spare: 0 });
    expect(await ledger().reserve({ ...asking("y", [far], amounts(10)), wanted: 4 })).toMatchObject({ spare: 4 });
  });

  it("is as good as its window's slot lasts, and not given where that is too short", async () => {
    await withBook((on, _keeper, clock) => {
      const rolling = (seconds: number) => [entry({ tokens: 1e9 }, { window: { kind: "rolling", seconds } })];
      const asked = (id: string, seconds: number) =>
        on.reserve({ ...asking(id, rolling(seconds), amounts(1)), wanted: 4 });
      clock.nowMs += 500;
      const hour = asked("hour", 3600);
      expect(hour).toMatchObject({ spare: 4 });
      expect(hour.ok && hour.forMs).toBeLessThanOrEqual(3600_000 / 256);
      expect(asked("second", 1)).toMatchObject({ spare: 0 });
    });
  });
});

describe("spare beside budgets that only tell", () => {
  it("is a small part of them at most: what an isolate takes to its grave must not look as if it were spent", async () => {
    await withBook((on) => {
      const entries = [entry({ usd_micros: 10_000_000 }, { blocking: false })];
      expect(on.reserve({ ...asking("x", entries, amounts(20_000, 50_000)), wanted: 512 })).toMatchObject({ spare: 3 });
      // One ahead at least: a budget that refuses nothing is not asked each time.
      expect(on.reserve({ ...asking("z", entries, amounts(20_000, 500_000)), wanted: 512 })).toMatchObject({
        spare: 1,
      });
      const unlimited = [entry({ requests: 1_000_000 }, { blocking: false })];
      expect(on.reserve({ ...asking("y", unlimited, amounts(null)), wanted: 512 })).toMatchObject({ spare: 512 });
    });
  });

  it("that nobody needs yet is held whole or not at all", async () => {
    await withBook((on, keeper) => {
      const entries = [entry({ tokens: 100 })];
      const asked = { ...asking("x", entries, amounts(10)), wanted: 8, onlyWithSpare: true };
      expect(on.reserve(asked)).toMatchObject({ ok: true, spare: 0 });
      expect(keeper.audit()).toMatchObject({ budgets: [], reservations: { held: 0 } });
    });
  });

  it("that nobody needs yet is refused to nobody, and no alert says so", async () => {
    const webhook = { url: "https://hooks.example/budget", secret: undefined };
    const entries = [entry({ tokens: 1000 }, { alerts: [0.8], webhook })];
    await ledger().reserve(asking("x", entries, amounts(700)));
    const asked = { ...asking("y", entries, amounts(400)), wanted: 8, onlyWithSpare: true };
    expect(await ledger().reserve(asked)).toMatchObject({ ok: true, spare: 0 });
    const alerts = await runInDurableObject(ledger(), (_instance: Ledger, { storage }) => [
      ...storage.sql.exec("select fraction from alert"),
    ]);
    expect(alerts).toEqual([]);
  });
});

describe("a reservation's states", () => {
  const entries = [entry({ tokens: 1000, usd_micros: 1000 })];
  const none = { requests: 0, tokens: 0, usd_micros: 0 };
  const book = (steps: (book: LedgerBook, keeper: LedgerKeeper, clock: { nowMs: number }) => void) =>
    withBook((...world) => {
      steps(...world);
      const keeper = world[1];
      expect(keeper.audit().balanced).toBe(true);
      return { side: spentOf(keeper), reservations: keeper.audit().reservations };
    });
  const reserve = (on: LedgerBook, ttlMs = 1000) => on.reserve({ ...asking("x", entries, amounts(80, 90)), ttlMs });
  const settle = (on: LedgerBook, actual = amounts(30, 40)) =>
    on.settle(settling("x", entries, { actual, held: amounts(80, 90) }));

  it("a settlement after the sweep books what was really taken, in place of the most", async () => {
    const { side, reservations } = await book((on, keeper, clock) => {
      reserve(on);
      clock.nowMs += 1000;
      keeper.keep();
      expect(spentOf(keeper)?.spent.tokens).toBe(80);
      settle(on);
    });
    expect(side?.spent).toEqual({ requests: 1, tokens: 30, usd_micros: 40 });
    expect(reservations.assumed).toBe(0);
  });

  it("what is given back is free, whether before or after the sweep, and once", async () => {
    for (const swept of [false, true]) {
      const { side } = await book((on, keeper, clock) => {
        reserve(on);
        if (swept) {
          clock.nowMs += 1000;
          keeper.keep();
        }
        for (let time = 0; time < 2; time++) on.giveBack("x", amounts(50, 90));
      });
      const left = { requests: 0, tokens: 30, usd_micros: 0 };
      expect(side).toEqual(swept ? { spent: left, reserved: none } : { spent: none, reserved: left });
      await reset();
    }
  });

  it("an exchange that is under way when the rest is given back is settled like any other", async () => {
    const { side } = await book((on) => {
      on.reserve({ ...asking("advance", entries, amounts(80, 90)), ttlMs: 1000 });
      on.giveBack("advance", { requests: 0, tokens: 30, usd_micros: 90 });
      const held = [{ reservation: "advance", amounts: { requests: 1, tokens: 50, usd_micros: 0 } }];
      on.settle({ id: "exchange x", project, entries, actual: amounts(20), held });
    });
    expect(side).toEqual({ spent: { requests: 1, tokens: 20, usd_micros: 0 }, reserved: none });
  });

  it("nobody gives back, or frees, more than a reservation holds", async () => {
    const { side } = await book((on) => {
      reserve(on);
      on.settle(settling("x", entries, { actual: amounts(30, 40), held: amounts(500, 500) }));
      on.giveBack("x", amounts(500, 500));
    });
    expect(side).toEqual({ spent: { requests: 1, tokens: 30, usd_micros: 40 }, reserved: none });
  });

  it("one that was given back before it arrived is not made", async () => {
    await book((on) => {
      on.giveBack("x", amounts(1));
      expect(() => reserve(on)).toThrow(/given back/);
    });
  });

  it("what nobody knows counts as what was held, and is marked", async () => {
    const { side } = await book((on) => {
      reserve(on);
      settle(on, { requests: 1, tokens: null, usd_micros: null });
      expect(on.accounts.usage({ limit: 1 }, Date.UTC(2026, 10, 22, 12))[0]).toMatchObject({
        unknownTokens: 1,
        unknownCost: 1,
      });
    });
    expect(side?.spent).toEqual({ requests: 1, tokens: 80, usd_micros: 90 });
  });

  it("one exchange may hold parts of several", async () => {
    const { side } = await book((on) => {
      on.reserve(asking("a", entries, amounts(10)));
      on.reserve(asking("b", entries, { requests: 0, tokens: 70, usd_micros: 0 }));
      const held = [
        { reservation: "a", amounts: amounts(10) },
        { reservation: "b", amounts: { requests: 0, tokens: 70, usd_micros: 0 } },
      ];
      on.settle({ id: "exchange x", project, entries, held, actual: { requests: 1, tokens: null, usd_micros: 0 } });
    });
    expect(side).toEqual({ spent: { requests: 1, tokens: 80, usd_micros: 0 }, reserved: none });
  });
});

describe("windows", () => {
  const minute: BudgetWindow = { kind: "calendar", unit: "minute", time_zone: "UTC" };

  it("a reservation that is asked for again in the next window is spent in the one that it is booked in", async () => {
    await withBook((on, _keeper, clock) => {
      const entries = [entry({ tokens: 100_000 }, { window: minute })];
      const asked = { ...asking("x", entries, amounts(100)), wanted: 8 };
      clock.nowMs += 59_000;
      expect(on.reserve(asked)).toMatchObject({ ok: true, spare: 8, forMs: 1_000 });
      clock.nowMs += 500;
      expect(on.reserve(asked)).toMatchObject({ ok: true, spare: 8, forMs: 500 });
      clock.nowMs += 1_000;
      expect(on.reserve(asked)).toMatchObject({ ok: true, spare: 8, forMs: 0 });
    });
  });

  it("an exchange that holds parts in two is booked in both, and passes the limit of neither", async () => {
    await withBook((on, keeper, clock) => {
      const entries = [entry({ tokens: 100 }, { window: minute })];
      const part = (reservation: string, tokens: number) => ({
        reservation,
        amounts: { requests: 0, tokens, usd_micros: 0 },
      });
      clock.nowMs += 59_000;
      on.reserve(asking("main", entries, amounts(40)));
      on.reserve(asking("others", entries, amounts(60)));
      clock.nowMs += 2_000;
      expect(on.reserve(asking("hedge", entries, amounts(40))).ok).toBe(true);
      on.settle(settling("others", entries, { actual: amounts(60), held: amounts(60) }));
      const settlement = {
        id: "exchange x",
        project,
        entries,
        actual: amounts(80),
        held: [{ reservation: "main", amounts: amounts(40) }, part("hedge", 40)],
      };
      expect(on.settle(settlement)).toBe(true);
      expect(on.settle(settlement)).toBe(false);
      const audit = keeper.audit();
      expect(audit).toMatchObject({ balanced: true, settled: 2, budgets: [{ byAccount: { spent: { tokens: 140 } } }] });
      const [usage] = on.accounts.usage({ limit: 1 }, clock.nowMs);
      expect(usage?.spent.tokens).toBe(40);
    });
  });

  it("a new day begins empty, and an exchange is booked where it began", async () => {
    await withBook((on, keeper, clock) => {
      const entries = [entry({ tokens: 100 }, { window: { kind: "calendar", unit: "day", time_zone: "UTC" } })];
      expect(on.reserve(asking("x", entries, amounts(90))).ok).toBe(true);
      expect(on.reserve(asking("y", entries, amounts(90))).ok).toBe(false);
      clock.nowMs += 86_400_000;
      expect(on.reserve(asking("y", entries, amounts(90))).ok).toBe(true);
      on.settle(settling("x", entries, { actual: amounts(95), held: amounts(90) }));
      expect(on.accounts.standing(1, clock.nowMs)).toMatchObject({ spent: { tokens: 0 }, reserved: { tokens: 90 } });
      expect(keeper.audit().balanced).toBe(true);
    });
  });

  it("a rolling window never holds more than the limit, at any time, and says when there is room", async () => {
    await withBook((on, _keeper, clock) => {
      const entries = [entry({ requests: 5 }, { window: { kind: "rolling", seconds: 10 } })];
      const admitted: number[] = [];
      for (let step = 0; step < 600; step++) {
        clock.nowMs += (step * 37) % 101;
        const outcome = on.reserve(asking(`x${step}`, entries, amounts(0)));
        if (outcome.ok) admitted.push(clock.nowMs);
        else expect(outcome.refusal.resetsAtMs).toBeGreaterThan(clock.nowMs);
        expect(admitted.filter((at) => at > clock.nowMs - 10_000).length).toBeLessThanOrEqual(5);
      }
      expect(admitted.length).toBeGreaterThan(10);
    });
  });

  it("leaves nothing behind when its windows are over, but for the sums", async () => {
    await withBook((on, keeper, clock) => {
      const entries = [entry({ tokens: 1e9 }, { window: { kind: "rolling", seconds: 60 } })];
      for (let index = 0; index < 200; index++) {
        const user = {
          ...entry({ tokens: 1e9 }),
          budget: "users",
          account: `user:${index}`,
          window: entries[0]?.window ?? month,
        };
        clock.nowMs += 10;
        on.reserve(asking(`x${index}`, [...entries, user], amounts(10)));
        if (index % 2 === 0) on.settle(settling(`x${index}`, entries, { actual: amounts(7), held: amounts(10) }));
      }
      const before = keeper.audit();
      clock.nowMs += 600_000;
      while (keeper.keep());
      clock.nowMs += Math.max(ASSUMED_RETENTION_MS, DONE_RETENTION_MS);
      while (keeper.keep());
      while (keeper.keep());
      const after = keeper.audit();
      expect(after.balanced).toBe(true);
      expect(after).toMatchObject({ settled: 0, reservations: { held: 0, assumed: 0 } });
      expect(after.budgets[0]?.byAccount.spent.tokens).toBe(100 * 7 + 100 * 10);
      expect(before.budgets[0]?.byAccount.spent.tokens).toBe(100 * 7);
      expect(keeper.nextDueMs()).toBeUndefined();
    });
  });
});
