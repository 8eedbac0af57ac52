import { expect, test } from "vitest";
import { needsAlarm } from "./needs-alarm.ts";

const nowMs = 1_000_000;

test("an alarm that is to come, or is only just late, is left alone", () => {
  for (const alarmAtMs of [nowMs + 60_000, nowMs, nowMs - 1_000])
    expect(needsAlarm({ alarmAtMs, died: false, nowMs })).toBe(false);
});

test("one that is not set, that died, or that the runtime lost is set again", () => {
  expect(needsAlarm({ alarmAtMs: null, died: false, nowMs })).toBe(true);
  expect(needsAlarm({ alarmAtMs: nowMs + 60_000, died: true, nowMs })).toBe(true);
  expect(needsAlarm({ alarmAtMs: nowMs - 5_000, died: false, nowMs })).toBe(true);
});
