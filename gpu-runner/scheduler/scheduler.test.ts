import { describe, expect, it } from "vitest";
import { retryAfterSeconds, Scheduler } from "./scheduler.ts";

const never = new AbortController().signal;
const make = (slots: number, maxQueue: number) => new Scheduler({ slots, maxQueue }, { nowMs: () => 0 });

describe("admission", () => {
  it("gives places in the order of asking", async () => {
    const scheduler = make(1, 5);
    const [first] = scheduler.acquire(1, never);
    const order: number[] = [];
    const waits = [1, 2, 3].map(async (name) => {
      const lease = await scheduler.acquire(1, never)[0];
      order.push(name);
      lease?.release();
    });
    (await first)?.release();
    await Promise.all(waits);
    expect(order).toEqual([1, 2, 3]);
    expect(scheduler.active).toBe(0);
  });

  it("refuses what does not fit as a whole, and leaves nothing behind", () => {
    const scheduler = make(2, 1);
    void scheduler.acquire(2, never);
    expect(() => scheduler.acquire(2, never)).toThrow(/2 sequences are active/);
    expect(scheduler.queued).toBe(0);
    void scheduler.acquire(1, never);
    expect(() => scheduler.acquire(1, never)).toThrow(/1 of 1 places/);
  });

  it("forgets a waiter that left, and a second release changes nothing", async () => {
    const scheduler = make(1, 2);
    const lease = await scheduler.acquire(1, never)[0];
    const leaver = new AbortController();
    const [gone] = scheduler.acquire(1, leaver.signal);
    leaver.abort(new Error("left"));
    await expect(gone).rejects.toThrow("left");
    expect(scheduler.queued).toBe(0);
    lease?.release();
    lease?.release();
    expect(scheduler.active).toBe(0);
  });
});

describe("retry-after", () => {
  it("is the work ahead over the sequences that do it, within bounds", () => {
    expect(retryAfterSeconds(10, 4, undefined)).toBe(1);
    expect(retryAfterSeconds(7, 4, 3000)).toBe(6);
    expect(retryAfterSeconds(0, 4, 20)).toBe(1);
    expect(retryAfterSeconds(1000, 1, 60_000)).toBe(300);
  });
});
