import { describe, expect, it } from "vitest";
import { Watchdog } from "./watchdog.ts";

/** A clock that fires its timers when it is moved. */
function manualClock() {
  let nowMs = 0;
  let timer: { readonly atMs: number; readonly work: () => void } | undefined;
  let armed = 0;
  return {
    deps: {
      nowMs: () => nowMs,
      setTimer: (work: () => void, delayMs: number) => {
        armed++;
        return (timer = { atMs: nowMs + delayMs, work });
      },
      clearTimer: (cleared: unknown) => {
        if (cleared === timer) timer = undefined;
      },
    },
    moveTo(toMs: number) {
      while (timer !== undefined && timer.atMs <= toMs) {
        const due = timer;
        timer = undefined;
        nowMs = due.atMs;
        due.work();
      }
      nowMs = toMs;
    },
    armed: () => armed,
  };
}

const timeouts = { headers_ms: 100, first_token_ms: 200, gap_ms: 50, total_ms: 1000 };

function watch() {
  const clock = manualClock();
  const errors: string[] = [];
  return { clock, errors, dog: new Watchdog(timeouts, (error) => errors.push(error.message), clock.deps) };
}

describe("Watchdog", () => {
  it("gives up on headers, first token and gap, each after its own limit", () => {
    const silent = watch();
    silent.clock.moveTo(100);
    expect(silent.errors).toEqual([expect.stringContaining("for 100 ms")]);
    const first = watch();
    first.dog.awaiting("first-token");
    first.clock.moveTo(199);
    expect(first.errors).toEqual([]);
    first.clock.moveTo(200);
    expect(first.errors).toEqual([expect.stringContaining("for 200 ms")]);
    const gap = watch();
    gap.dog.awaiting("gap");
    gap.clock.moveTo(50);
    expect(gap.errors).toEqual([expect.stringContaining("in mid-answer for 50 ms")]);
  });

  it("lets a long healthy stream live until the total, with few timers", () => {
    const { clock, errors, dog } = watch();
    for (let atMs = 1; atMs < 1000; atMs++) {
      clock.moveTo(atMs);
      dog.awaiting("gap");
    }
    expect(errors).toEqual([]);
    expect(clock.armed()).toBeLessThan(40);
    clock.moveTo(1000);
    expect(errors).toEqual([expect.stringContaining("longer than 1000 ms")]);
  });

  it("waits less for the terminator of an answer that is whole", () => {
    const { clock, errors, dog } = watch();
    dog.awaiting("gap");
    dog.closing(10);
    clock.moveTo(10);
    expect(errors).toHaveLength(1);
  });

  it("counts no silence while nothing is waited for, and counts it anew from then on", () => {
    const { clock, errors, dog } = watch();
    dog.awaiting("gap");
    dog.rest();
    clock.moveTo(500);
    expect(errors).toEqual([]);
    dog.awaiting("gap");
    clock.moveTo(550);
    expect(errors).toEqual([expect.stringContaining("in mid-answer for 50 ms")]);
  });

  it("keeps the total also while nothing is waited for", () => {
    const { clock, errors, dog } = watch();
    dog.rest();
    clock.moveTo(1000);
    expect(errors).toEqual([expect.stringContaining("longer than 1000 ms")]);
  });

  it("says nothing once stopped", () => {
    const { clock, errors, dog } = watch();
    dog.stop();
    clock.moveTo(5000);
    expect(errors).toEqual([]);
  });
});
