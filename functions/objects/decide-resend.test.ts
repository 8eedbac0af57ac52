import { describe, expect, it } from "vitest";
import { decideResend, FIRST_RESEND_MS, FIRST_RETRY_MS, MAX_RESEND_MS, MAX_RETRY_MS } from "./decide-resend.ts";

const at = (random: number) => ({ nowMs: 1_000_000, random });
const delay = (sends: number, failures: number, random = 1) =>
  decideResend({ sends, failures }, at(random)) - 1_000_000;

describe("decideResend", () => {
  it("doubles the wait for an acknowledgement with each hand-over, up to its cap", () => {
    expect([1, 2, 3, 4].map((sends) => delay(sends, 0))).toEqual([1, 2, 4, 8].map((n) => n * FIRST_RESEND_MS));
    expect(delay(50, 0)).toBe(MAX_RESEND_MS);
    expect(delay(1e9, 0)).toBe(MAX_RESEND_MS);
  });

  it("comes back sooner when the queue itself refused, whatever was sent before", () => {
    expect([1, 2, 3].map((failures) => delay(9, failures))).toEqual([1, 2, 4].map((n) => n * FIRST_RETRY_MS));
    expect(delay(0, 1e9)).toBe(MAX_RETRY_MS);
  });

  it("spreads over the upper half of the delay and never before it", () => {
    expect(delay(1, 0, 0)).toBe(FIRST_RESEND_MS / 2);
    expect(delay(1, 0, 0.5)).toBe(FIRST_RESEND_MS * 0.75);
  });
});
