import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Price, type PriceRow, priceSchema, type Rates } from "../contract/index.ts";
import { type Consumption, costOf, findPrice, maxCost } from "./index.ts";

const price = (rates: Rates, more: Partial<Price> = {}): Price =>
  priceSchema.parse({ scope: { provider: "p" }, model: "m", rates, ...more });

const count = fc.nat(2_000_000);
const rate = fc.nat(100_000_000);
const allRates: fc.Arbitrary<Rates> = fc
  .record({
    input: rate,
    output: rate,
    cached_input: rate,
    cache_write: rate,
    cache_write_1h: rate,
    reasoning: rate,
    audio_input: rate,
    audio_output: rate,
    image_input: rate,
    image_output: rate,
    images: rate,
    audio_seconds: rate,
    characters: rate,
    requests: rate,
  })
  .map((rates) => rates satisfies Rates);

/** Counts whose parts fit into their wholes. */
const usage: fc.Arbitrary<Required<Omit<Consumption, "serviceTier">>> = fc
  .record({
    plainInput: count,
    cachedInputTokens: count,
    writes: count,
    cacheWrite1hTokens: count,
    audioInputTokens: count,
    imageInputTokens: count,
    plainOutput: count,
    reasoningTokens: count,
    audioOutputTokens: count,
    imageOutputTokens: count,
    images: fc.nat(100),
    audioSeconds: fc.nat(100_000).map((tenths) => tenths / 10),
    characters: count,
  })
  .map(({ plainInput, writes, plainOutput, ...parts }) => {
    const cacheWriteTokens = writes + parts.cacheWrite1hTokens;
    return {
      ...parts,
      cacheWriteTokens,
      inputTokens:
        plainInput + parts.cachedInputTokens + cacheWriteTokens + parts.audioInputTokens + parts.imageInputTokens,
      outputTokens: plainOutput + parts.reasoningTokens + parts.audioOutputTokens + parts.imageOutputTokens,
    };
  });

const tokens = (inputTokens: number, outputTokens: number, more: Consumption = {}): Consumption => ({
  inputTokens,
  outputTokens,
  ...more,
});

describe("costOf", () => {
  const known = price({ input: 2_500_000, output: 10_000_000, cached_input: 1_250_000 });

  it("adds what each dimension costs, by published prices", () => {
    expect(costOf(tokens(1000, 500), known)).toBe(2500 + 5000);
    expect(costOf(tokens(1000, 500, { cachedInputTokens: 800 }), known)).toBe(500 + 1000 + 5000);
    const claude = price({
      input: 3_000_000,
      output: 15_000_000,
      cached_input: 300_000,
      cache_write: 3_750_000,
      cache_write_1h: 6_000_000,
    });
    const written = { cachedInputTokens: 1000, cacheWriteTokens: 300, cacheWrite1hTokens: 100 };
    expect(costOf(tokens(1500, 10, written), claude)).toBe(600 + 300 + 750 + 600 + 150);
    expect(costOf({ audioSeconds: 90.5 }, price({ audio_seconds: 100_000_000 }))).toBe(9050);
  });

  it("rounds once, half up", () => {
    expect(costOf(tokens(1, 1), price({ input: 250_000, output: 250_000 }))).toBe(1);
    expect(costOf(tokens(1, 0), price({ input: 499_999, output: 0 }))).toBe(0);
  });

  it("is exact beyond what a double holds", () => {
    const dear = price({ input: 9_007_199_254_740_991, output: 1 });
    expect(costOf(tokens(1_000_001, 0), dear)).toBe(
      Number((9_007_199_254_740_991n * 1_000_001n + 500_000n) / 1_000_000n),
    );
  });

  it.each([
    ["a used dimension without a rate", tokens(1, 1, { audioInputTokens: 1 })],
    ["a cache write without a rate", tokens(1, 1, { cacheWriteTokens: 1 })],
    ["images without a rate", tokens(1, 1, { images: 1 })],
    ["an unknown output", { inputTokens: 1 }],
    ["an unknown input", { outputTokens: 1 }],
    ["parts beyond their whole", tokens(1, 1, { cachedInputTokens: 2 })],
    ["reasoning beyond the output", tokens(1, 1, { reasoningTokens: 2 })],
  ])("does not know the cost of %s", (_, consumed) => {
    expect(costOf(consumed, known)).toBeUndefined();
  });

  it("charges tokens at their whole's rate where the provider makes no difference", () => {
    const plain = price({ input: 1_000_000, output: 2_000_000 });
    expect(costOf(tokens(10, 10, { cachedInputTokens: 4, imageInputTokens: 3, reasoningTokens: 5 }), plain)).toBe(30);
  });

  it("bills the whole call by the tier that its input reaches", () => {
    const tiered = price(
      { input: 1_000_000, output: 2_000_000 },
      { tiers: [{ above_input_tokens: 200_000, rates: { input: 2_000_000 } }] },
    );
    expect(costOf(tokens(200_000, 1), tiered)).toBe(200_002);
    expect(costOf(tokens(200_001, 1), tiered)).toBe(400_004);
    expect(costOf({ outputTokens: 1 }, tiered)).toBeUndefined();
  });

  it("knows a batch, a flex and a priority call only by their own price", () => {
    expect(costOf(tokens(1, 1), known, { batch: true })).toBeUndefined();
    expect(costOf(tokens(1, 1), known, { serviceTier: "priority" })).toBeUndefined();
    expect(costOf(tokens(1, 1), known, { serviceTier: "scale" })).toBeUndefined();
    expect(costOf(tokens(1, 1, { serviceTier: "flex" }), known, { serviceTier: "default" })).toBeUndefined();
    const modes = price(known.rates, {
      modes: { batch: { percent: 50 }, priority: { rates: { input: 5_000_000, output: 1 } } },
    });
    expect(costOf(tokens(1001, 0), modes, { batch: true })).toBe(1251);
    expect(costOf(tokens(1000, 0), modes, { serviceTier: "priority" })).toBe(5000);
    expect(costOf(tokens(1000, 0), modes, { serviceTier: "default" })).toBe(2500);
  });

  it("never falls when more is consumed", () => {
    fc.assert(
      fc.property(allRates, usage, fc.nat(1000), (rates, consumed, more) => {
        const base = costOf(consumed, price(rates)) ?? Number.NaN;
        expect(costOf({ ...consumed, inputTokens: consumed.inputTokens! + more }, price(rates))).toBeGreaterThanOrEqual(
          base,
        );
        expect(
          costOf({ ...consumed, outputTokens: consumed.outputTokens! + more }, price(rates)),
        ).toBeGreaterThanOrEqual(base);
        expect(costOf({ ...consumed, characters: consumed.characters! + more }, price(rates))).toBeGreaterThanOrEqual(
          base,
        );
      }),
    );
  });

  it("is the sum of its dimensions, but for the one rounding", () => {
    fc.assert(
      fc.property(allRates, usage, (rates, consumed) => {
        const alone = (only: Rates): number => costOf(consumed, price({ ...zeroed(rates), ...only })) ?? Number.NaN;
        const parts = Object.entries(rates).map(([name, value]) => alone({ [name]: value }));
        const whole = costOf(consumed, price(rates)) ?? Number.NaN;
        expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - whole)).toBeLessThanOrEqual(
          parts.length / 2 + 0.5,
        );
      }),
    );
  });

  it("costs no more with a cached token than with a fresh one, where the cache is no dearer", () => {
    fc.assert(
      fc.property(fc.tuple(count, count), fc.tuple(rate, rate), ([fresh, cached], [one, other]) => {
        const cheaper = price({ input: Math.max(one, other), cached_input: Math.min(one, other), output: 0 });
        const all = costOf(tokens(fresh + cached, 0), cheaper) ?? Number.NaN;
        expect(costOf(tokens(fresh + cached, 0, { cachedInputTokens: cached }), cheaper)).toBeLessThanOrEqual(all);
      }),
    );
  });
});

function zeroed(rates: Rates): Rates {
  return Object.fromEntries(Object.keys(rates).map((name) => [name, 0]));
}

describe("maxCost", () => {
  it("is never below the cost of a call within its bounds", () => {
    const tiers = fc.option(fc.record({ above: fc.integer({ min: 1, max: 8_000_000 }), rates: allRates }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(allRates, tiers, usage, (rates, tier, consumed) => {
        const tiered = price(
          rates,
          tier === undefined ? {} : { tiers: [{ above_input_tokens: tier.above, rates: tier.rates }] },
        );
        const most = maxCost(consumed, tiered) ?? Number.NaN;
        expect(costOf(consumed, tiered)).toBeLessThanOrEqual(most);
      }),
    );
  });

  it("is the tier's where the bound reaches it, and that of the mode that was asked for", () => {
    const tiered = price(
      { input: 1_000_000, output: 0 },
      { tiers: [{ above_input_tokens: 100, rates: { input: 2_000_000 } }], modes: { flex: { percent: 50 } } },
    );
    expect(maxCost({ inputTokens: 100, outputTokens: 5 }, tiered)).toBe(100);
    expect(maxCost({ inputTokens: 101, outputTokens: 5 }, tiered)).toBe(202);
    expect(maxCost({ inputTokens: 101, outputTokens: 5 }, tiered, { serviceTier: "flex" })).toBe(101);
  });

  it("is unknown while something that costs has no bound", () => {
    expect(maxCost({ inputTokens: 1 }, price({ input: 1, output: 1 }))).toBeUndefined();
    expect(maxCost({ inputTokens: 1 }, price({ input: 1 }))).toBe(0);
  });
});

describe("findPrice", () => {
  const row = (more: object, origin: PriceRow["origin"] = "import"): PriceRow => ({
    origin,
    price: priceSchema.parse({ scope: { kind: "openai-compatible" }, model: "gpt-4o", rates: { input: 1 }, ...more }),
  });
  const target = {
    kind: "openai-compatible",
    provider: "openai",
    model: "gpt-4o-mini",
    atMs: Date.parse("2026-06-01T00:00:00Z"),
  };
  const found = (...rows: PriceRow[]): number | undefined => {
    const first = findPrice(rows, target)?.rates.input;
    // The order of the rows says nothing.
    expect(findPrice([...rows].reverse(), target)?.rates.input).toBe(first);
    return first;
  };
  const rates = (input: number) => ({ rates: { input } });

  it("knows nothing of another model, kind or provider", () => {
    expect(found(row({}))).toBeUndefined();
    expect(found(row({ model: "gpt-4o-mini", scope: { kind: "runner" } }))).toBeUndefined();
    expect(found(row({ model: "gpt-4o-mini", scope: { provider: "other" } }))).toBeUndefined();
  });

  it("prefers the project's own row, then the provider's, then the exact name, then the longer prefix", () => {
    const short = row({ model: "gpt", match: "prefix", ...rates(2) });
    const long = row({ match: "prefix", ...rates(3) });
    const exact = row({ model: "gpt-4o-mini", ...rates(4) });
    const named = row({ scope: { provider: "openai" }, model: "gpt", match: "prefix", ...rates(5) });
    const own = row({ model: "gpt", match: "prefix", ...rates(6) }, "override");
    expect(found(short)).toBe(2);
    expect(found(short, long)).toBe(3);
    expect(found(short, long, exact)).toBe(4);
    expect(found(short, long, exact, named)).toBe(5);
    expect(found(short, long, exact, named, own)).toBe(6);
  });

  it("takes the row that is in force, and of several the latest", () => {
    const exact = { model: "gpt-4o-mini" };
    const since = (from: string | undefined, until: string | undefined, input: number): PriceRow =>
      row({ ...exact, ...rates(input), ...(from && { valid_from: from }), ...(until && { valid_until: until }) });
    const always = since(undefined, undefined, 1);
    expect(found(always, since("2026-06-01T00:00:00Z", undefined, 2))).toBe(2);
    expect(found(always, since("2026-06-01T00:00:01Z", undefined, 2))).toBe(1);
    expect(found(always, since("2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", 2))).toBe(1);
  });
});
