import type { Usage } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { type BilledCall, withDoubts } from "../../exchange/exchange-cost.ts";
import { mayBeBilled, settlementOf } from "./settlement-of.ts";

const estimate: Usage = {
  inputTokens: 12,
  outputTokens: 0,
  cachedInputTokens: undefined,
  reasoningTokens: undefined,
  source: "estimated",
};
const failed: BilledCall = {
  target: { provider: { name: "p", kind: "openai" }, model: "m" },
  outcome: "failed",
  receivedChars: 0,
  usage: undefined,
};
const settled = (call: BilledCall) =>
  settlementOf({ calls: withDoubts([call]), started: 1, costUsdMicros: undefined }).tokens;

describe("settlementOf", () => {
  it("takes nothing for a call that was refused", () => {
    expect(settled(failed)).toBe(0);
    expect(mayBeBilled(failed)).toBe(false);
  });

  it("takes what was sent for a call that may have been carried out, else it is unknown, and never 0", () => {
    expect(settled({ ...failed, inDoubt: { estimate } })).toBe(12);
    expect(settled({ ...failed, inDoubt: { estimate: undefined } })).toBeNull();
    expect(mayBeBilled({ ...failed, inDoubt: { estimate } })).toBe(true);
  });
});
