import { priceSchema, type Usage } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { type BilledCall, callCost, exchangeCost, hitCost, withDoubts, withEstimate } from "./exchange-cost.ts";

const version = "a".repeat(64);
const bundle = {
  prices: [
    {
      origin: "import" as const,
      price: priceSchema.parse({
        scope: { kind: "openai" },
        model: "m",
        rates: { input: 1_000_000, output: 2_000_000 },
      }),
    },
  ],
  price_version: version,
};
const context = { bundle, atMs: 0 };
const usage = (inputTokens: number, outputTokens: number, source: Usage["source"] = "provider"): Usage => ({
  inputTokens,
  outputTokens,
  cachedInputTokens: undefined,
  reasoningTokens: undefined,
  source,
});
const call = (more: Partial<BilledCall> = {}): BilledCall => ({
  target: { provider: { name: "p", kind: "openai" }, model: "m" },
  outcome: "ok",
  receivedChars: 10,
  usage: usage(10, 5),
  ...more,
});

const doubtful = call({
  outcome: "failed",
  receivedChars: 0,
  usage: undefined,
  inDoubt: { estimate: usage(10, 0, "estimated") },
});

describe("exchangeCost", () => {
  it("adds every call that was billed, failed ones too, and names the prices", () => {
    const refused = call({ outcome: "failed", receivedChars: 0, usage: undefined });
    const cut = call({ outcome: "failed", usage: usage(10, 1) });
    const hedge = call({ outcome: "cancelled", usage: usage(10, 0, "estimated") });
    expect(exchangeCost([refused, cut, hedge, call()], context)).toEqual({
      costUsdMicros: 12 + 10 + 20,
      savedUsdMicros: undefined,
      priceVersion: version,
    });
  });

  it.each([
    ["no call was made", []],
    ["a price is unknown", [call(), call({ target: { provider: { name: "p", kind: "groq" }, model: "m" } })]],
    ["what a broken stream consumed is unknown", [call({ outcome: "failed", usage: undefined }), call()]],
    ["nobody knows whether a call was carried out", [doubtful, call()]],
    ["the answer came without usage", [call({ usage: undefined })]],
  ])("is unknown, never 0, where %s", (_, calls) => {
    expect(exchangeCost(calls, context)).toEqual({
      costUsdMicros: undefined,
      savedUsdMicros: undefined,
      priceVersion: undefined,
    });
  });

  it("is the same as the call's where there was one", () => {
    expect(exchangeCost([call()], context).costUsdMicros).toBe(callCost(call(), context));
  });

  it("takes an estimate for the answer that the caller heard, and for no other call", () => {
    const refused = call({ outcome: "failed", receivedChars: 0, usage: undefined });
    const calls = withEstimate([call(), call({ usage: undefined }), refused], usage(1, 1, "estimated"));
    expect(calls.map((each) => each.usage?.inputTokens)).toEqual([10, 1, undefined]);
    expect(withEstimate([refused], undefined)).toEqual([refused]);
    const rough = call({ outcome: "cancelled", usage: usage(9, 9, "estimated") });
    expect(withEstimate([rough], usage(1, 1, "estimated"))[0]?.usage?.inputTokens).toBe(1);
  });

  it("counts no part of an answer twice that several calls brought", () => {
    const part = (outcome: "ok" | "failed", output: number) => call({ outcome, usage: usage(10, output, "estimated") });
    const parts = [part("failed", 100), part("ok", 10)];
    expect(withEstimate(parts, usage(10, 110, "estimated"))).toEqual(parts);
    const race = [call({ usage: undefined }), call({ outcome: "cancelled", usage: usage(9, 1, "estimated") })];
    expect(withEstimate(race, usage(10, 7, "estimated")).map((each) => each.usage?.outputTokens)).toEqual([7, 1]);
  });

  it("takes nothing for an estimate that a provider counted", () => {
    const broken = call({ outcome: "failed", usage: undefined });
    expect(withEstimate([broken, call()], usage(10, 5))).toEqual([broken, call()]);
    expect(withEstimate([broken, call()], usage(1, 1, "estimated"))).toEqual([broken, call()]);
  });
});

describe("withDoubts", () => {
  it("takes what was sent for what a call in doubt consumed, and leaves what cannot be estimated unknown", () => {
    expect(exchangeCost(withDoubts([doubtful, call()]), context).costUsdMicros).toBe(10 + 20);
    const picture = { ...doubtful, inDoubt: { estimate: undefined } };
    expect(exchangeCost(withDoubts([picture, call()]), context).costUsdMicros).toBeUndefined();
  });
});

describe("hitCost", () => {
  it("is 0, and saved what the kept answer would cost now", () => {
    expect(hitCost(call(), context)).toEqual({ costUsdMicros: 0, savedUsdMicros: 20, priceVersion: version });
  });

  it("does not know what was saved where the kept answer has no usage or no price", () => {
    expect(hitCost(call({ usage: undefined }), context).savedUsdMicros).toBeUndefined();
    const free = { bundle: { prices: [], price_version: null }, atMs: 0 };
    expect(hitCost(call(), free)).toEqual({ costUsdMicros: 0, savedUsdMicros: undefined, priceVersion: undefined });
  });
});
