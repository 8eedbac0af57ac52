import { describe, expect, it } from "vitest";
import type { Settlement } from "@millrace/core/ledger";
import { isolate, MemoryLedger, settled, Time, tokens } from "../../../../../test/support/advances-lab.ts";
import { Reservation } from "../reservation.ts";
import { IDLE_MS } from "./advance-pool.ts";
import { REFILL_LOST_MS } from "./refill.ts";

describe("no advance is forgotten", () => {
  it("when a long exchange goes on with a pool that others have left behind", async () => {
    const { time, ledger, begin, end, behind } = isolate({ all: 10_000_000 });
    const outbox: Settlement[] = [];
    const long = await begin("long", ["all"]);
    await settled();
    await time.advance(IDLE_MS + 2_000);
    const other = await begin("other", ["all"]);
    await settled();
    expect(await long?.cover(1)).toBe(true);
    await settled();
    for (const each of [other, long]) if (each !== undefined) await end(each, 10, outbox);
    for (const settlement of outbox) ledger.take(settlement);
    await time.advance(IDLE_MS + 60_000);
    await Promise.all(behind);
    expect(ledger.sums("all")).toEqual({ spent: 20, reserved: 0 });
  });

  it("when exchanges ask around the end of a window", async () => {
    const { time, ledger, begin, end, behind } = isolate({ all: 10_000_000 });
    const gates: (() => void)[] = [];
    let isGated = true;
    Object.defineProperty(ledger, "gate", {
      get: () => (isGated ? new Promise<void>((resolve) => gates.push(resolve)) : Promise.resolve()),
    });
    const pass = async (): Promise<void> => {
      gates.shift()?.();
      await settled();
    };
    // The last moments of a window: nothing to spare.
    ledger.forMs = 50;
    const first = ["a", "b", "c"].map((id) => begin(id, ["all"]));
    await settled();
    await pass();
    await pass();
    const last = begin("d", ["all"]);
    await settled();
    ledger.forMs = 30_000;
    isGated = false;
    while (gates.length > 0) await pass();
    const outbox: Settlement[] = [];
    for (const each of await Promise.all([...first, last])) if (each !== undefined) await end(each, 10, outbox);
    for (const settlement of outbox) ledger.take(settlement);
    await time.advance(IDLE_MS + 60_000);
    await Promise.all(behind);
    expect(ledger.sums("all")).toEqual({ spent: 40, reserved: 0 });
  });
});

describe("near a limit", () => {
  it("nothing is held for nobody that another isolate is refused for", async () => {
    const [time, ledger] = [new Time(), new MemoryLedger()];
    const [one, two] = [0, 1].map(() => isolate({ all: 100_000 }, time, ledger));
    if (one === undefined || two === undefined) throw new Error("two isolates");
    expect((await one.hold(["all"])).ok).toBe(true);
    await settled();
    const { reserved } = ledger.sums("all");
    expect((await two.hold(["all"], tokens(100_000 - reserved - 100))).ok).toBe(true);
    await settled();
    // Out of its advance, which is now low.
    await one.hold(["all"]);
    expect((await two.hold(["all"])).ok).toBe(true);
  });

  it("what an exchange leaves is free before its answer ends, though it took from an advance", async () => {
    const { ledger, begin, end, hold } = isolate({ all: 100_000 });
    await begin("before", ["all"]);
    await settled();
    const small = await begin("small", ["all"]);
    await settled();
    expect(await begin("large", ["all"], tokens(99_800))).toBeDefined();
    expect(ledger.sums("all").reserved).toBe(100_000);
    expect((await hold(["all"], tokens(90))).ok).toBe(false);
    if (small !== undefined) expect(await end(small, 1)).toBe(true);
    expect((await hold(["all"], tokens(90))).ok).toBe(true);
  });

  it("an exchange is not refused for what its isolate holds of two accounts that are short", async () => {
    const { begin, hold } = isolate({ all: 100_000, team: 100_000, ana: 1e9, bob: 1e9 });
    await begin("a", ["all", "ana"]);
    await settled();
    await begin("b", ["team", "bob"]);
    await settled();
    expect((await hold(["all", "team"], tokens(99_900))).ok).toBe(true);
  });

  it("two at once are not refused for what is on its way back", async () => {
    const { ledger, begin, hold } = isolate({ all: 1_000_000, ana: 1e9, bob: 1e9, cat: 1e9 });
    for (let index = 0; index < 40; index++) {
      await begin(`a${index}`, ["all", "ana"]);
      await settled();
    }
    const free = ledger.sums("all").reserved - 40 * 100;
    expect((await hold(["all", "bob"], tokens(1_000_000 - ledger.sums("all").reserved))).ok).toBe(true);
    const half = tokens(Math.floor(free / 2));
    const both = await Promise.all([hold(["all", "bob"], half), hold(["all", "cat"], half)]);
    expect(both.map(({ ok }) => ok)).toEqual([true, true]);
  });
});

describe("what is on its way back", () => {
  it("and never comes holds a refusal up for a moment only", async () => {
    const { time, ledger, begin, hold } = isolate({ all: 100_000, ana: 1e9, bob: 1e9 });
    await begin("a", ["all", "ana"]);
    await settled();
    expect((await hold(["all", "bob"], tokens(100_000 - ledger.sums("all").reserved))).ok).toBe(true);
    ledger.giveBack = () => new Promise(() => undefined);
    const refused = hold(["all", "bob"]);
    await time.advance(10_000);
    expect((await refused).ok).toBe(false);
  });
});

describe("a question that nobody answers", () => {
  it("and whose asker was killed holds up others only as long as it could have taken", async () => {
    const { time, ledger, hold, deps } = isolate({ all: 10_000_000 });
    const { pause } = deps;
    ledger.isAway = true;
    // The request is gone, and its timers with it.
    deps.pause = () => new Promise(() => undefined);
    void hold(["all"]).catch(() => undefined);
    await settled();
    Object.assign(deps, { pause });
    ledger.isAway = false;
    time.nowMs += REFILL_LOST_MS;
    expect((await hold(["all"])).ok).toBe(true);
    await settled();
    const before = ledger.calls.length;
    expect((await hold(["all"])).ok).toBe(true);
    expect(ledger.calls.length - before).toBeLessThanOrEqual(1);
  });

  it("leaves an exchange that passed without it to its trace, though others find the limit near", async () => {
    const { advances, deps, request } = isolate({ all: 100 });
    const asked = request(["all"]);
    asked.pool.isTight = true;
    const open = new Reservation({ exchangeId: "x", request: asked, parts: [] }, { ...deps, advances });
    expect(open.end(tokens(7)).isUrgent).toBe(false);
  });

  it("fails those who wait for it as well, at once", async () => {
    const { time, ledger, hold } = isolate({ all: 10_000_000 });
    ledger.isAway = true;
    const outcomes = Promise.all([1, 2, 3].map(() => hold(["all"]).catch((error: unknown) => String(error))));
    await time.advance(1_000);
    expect(await outcomes).toEqual(["Error: away", "Error: away", "Error: away"]);
    // One question with its tries; what may have been made is given back.
    expect(ledger.calls.filter((call) => call === "reserve")).toHaveLength(4);
  });
});
