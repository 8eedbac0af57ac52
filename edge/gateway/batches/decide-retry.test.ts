import { describe, expect, it } from "vitest";
import { decideRetry } from "./decide-retry.ts";

const of = (status: number, code?: string, retryAfterSeconds?: number) => ({ status, code, retryAfterSeconds });

describe("decideRetry", () => {
  it("takes an answer, and a refusal that time does not mend, as final", () => {
    expect(decideRetry(of(200), 1, 0.5)).toBeUndefined();
    expect(decideRetry(of(400, "invalid-request"), 1, 0.5)).toBeUndefined();
    expect(decideRetry(of(402, "budget-exceeded"), 1, 0.5)).toBeUndefined();
    expect(decideRetry(of(503, "secret-missing"), 1, 0.5)).toBeUndefined();
  });

  it("waits longer with each try, at random, and never less than it was asked to", () => {
    expect(decideRetry(of(503, "upstream-overloaded"), 1, 0.5)).toBe(1_000);
    expect(decideRetry(of(503, "upstream-overloaded"), 4, 0.5)).toBe(8_000);
    expect(decideRetry(of(429, "rate-limited", 30), 1, 0)).toBe(30_000);
    expect(decideRetry(of(500), 9, 1)).toBe(512_000);
  });

  it("gives up after ten tries", () => {
    expect(decideRetry(of(503, "upstream-overloaded"), 10, 0.5)).toBeUndefined();
  });
});
