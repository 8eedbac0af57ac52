import { describe, expect, it } from "vitest";
import { resilienceSchema } from "../contract/index.ts";
import { decideHedge, type HedgeFacts } from "./decide-hedge.ts";

const facts = (hedge: object, more: Partial<HedgeFacts> = {}): HedgeFacts => ({
  settings: resilienceSchema.parse({ hedge }),
  quantileMs: undefined,
  stream: true,
  expectedCostUsdMicros: undefined,
  ...more,
});

describe("decideHedge", () => {
  it("waits a fixed time, or the quantile of what was seen", () => {
    expect(decideHedge(facts({ after_ms: 80 }))).toEqual({ kind: "hedge", afterMs: 80 });
    expect(decideHedge(facts({ after_quantile: 0.95 }, { quantileMs: 120.4 }))).toEqual({
      kind: "hedge",
      afterMs: 121,
    });
  });

  it("never spends beyond the cap, nor where it cannot know", () => {
    const capped = { after_ms: 80, max_cost_usd_micros: 100 };
    expect(decideHedge(facts(capped, { expectedCostUsdMicros: 100 })).kind).toBe("hedge");
    expect(decideHedge(facts(capped, { expectedCostUsdMicros: 101 })).kind).toBe("wait");
    expect(decideHedge(facts(capped)).kind).toBe("wait");
  });

  it("does not guess: no quantile, no hedge; nor for a whole answer", () => {
    expect(decideHedge(facts({ after_quantile: 0.95 })).kind).toBe("wait");
    expect(decideHedge(facts({ after_quantile: 0.95 }, { quantileMs: 5, stream: false })).kind).toBe("wait");
    expect(decideHedge({ ...facts({ after_ms: 1 }), settings: resilienceSchema.parse({}) }).kind).toBe("wait");
  });
});
