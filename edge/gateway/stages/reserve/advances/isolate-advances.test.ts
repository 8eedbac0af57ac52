import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Settlement } from "@millrace/core/ledger";
import { isolate, settled, tokens } from "../../../../../test/support/advances-lab.ts";
import type { Reservation } from "../reservation.ts";
import { IDLE_MS } from "./advance-pool.ts";

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
