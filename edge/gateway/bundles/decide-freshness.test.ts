import { describe, expect, it } from "vitest";
import { decideFreshness, RETRY_AFTER_FAILURE_MS } from "./decide-freshness.ts";

const rules = { freshMs: 2000, staleMs: 4000 };

describe("decideFreshness", () => {
  it.each([
    [0, "use"],
    [1999, "use"],
    [2000, "refresh-behind"],
    [3999, "refresh-behind"],
    [4000, "refresh-first"],
  ] as const)("at %i ms says %s", (ageMs, expected) => {
    expect(decideFreshness({ ageMs, failedMsAgo: undefined }, rules)).toBe(expected);
  });

  it("makes no request wait for a hub that just failed, and asks it again behind an answer", () => {
    expect(decideFreshness({ ageMs: 60_000, failedMsAgo: 0 }, rules)).toBe("use");
    expect(decideFreshness({ ageMs: 60_000, failedMsAgo: RETRY_AFTER_FAILURE_MS }, rules)).toBe("refresh-behind");
  });
});
