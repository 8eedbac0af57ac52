import { expect, test } from "vitest";
import { BurstPace } from "./burst-pace.ts";

function paceOf(gapsMs: readonly number[], bytes = 200): BurstPace {
  const pace = new BurstPace();
  for (const gapMs of gapsMs) pace.arrived({ gapMs, bytes }, 0);
  return pace;
}

test("the opening of an answer is no burst, however close its pieces are", () => {
  expect(paceOf([0, 0, 0]).isBurst).toBe(false);
});

test("pieces that go on coming at once are a burst, and are gathered", () => {
  const pace = paceOf(Array.from({ length: 20 }, () => 0.1));
  expect(pace.isBurst).toBe(true);
  expect(pace.pauseMs).toBeGreaterThan(0);
});

test("a burst that is being gathered stays one: the gap is the pause's own", () => {
  const pace = paceOf(Array.from({ length: 20 }, () => 0.1));
  const { pauseMs } = pace;
  pace.arrived({ gapMs: pauseMs + 1, bytes: 2000 }, pauseMs);
  expect(pace.isBurst).toBe(true);
  expect(pace.pauseMs).toBe(pauseMs);
});

test("events at a model's own pace are read as they come", () => {
  const pace = paceOf(Array.from({ length: 50 }, () => 10));
  expect(pace.isBurst).toBe(false);
  expect(pace.pauseMs).toBe(0);
});

test("pieces that are close now and then are no burst", () => {
  expect(paceOf(Array.from({ length: 60 }, (_, index) => (index % 6 === 0 ? 30 : 0.1))).isBurst).toBe(false);
});

test("a stream that slows down is waited for, not gathered", () => {
  const pace = paceOf(Array.from({ length: 20 }, () => 0.1));
  pace.arrived({ gapMs: 40, bytes: 200 }, 8);
  expect(pace.pauseMs).toBe(0);
});

test("large pieces are read as fast as they come", () => {
  expect(
    paceOf(
      Array.from({ length: 50 }, () => 0),
      16_384,
    ).pauseMs,
  ).toBe(0);
});
