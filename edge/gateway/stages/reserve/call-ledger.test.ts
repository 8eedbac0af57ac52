import { describe, expect, it } from "vitest";
import { BEHIND } from "./call-ledger.ts";

/** A Worker outlives its caller by so much (`waitUntil`, Cloudflare's limits of Workers). Milliseconds. */
const OUTLIVES_MS = 30_000;

describe("BEHIND", () => {
  it("ends while the Worker still lives, even when every try takes as long as it may", () => {
    const tries = BEHIND.pausesMs.length + 1;
    const longestMs = BEHIND.pausesMs.reduce((sum, pauseMs) => sum + pauseMs, tries * BEHIND.limitMs);
    expect(longestMs).toBeLessThan(OUTLIVES_MS - 3_000);
  });
});
