import { describe, expect, it } from "vitest";
import { costOf, convertLitellm, findPrice } from "../index.ts";

/** Entries in the form of the public file, one for each thing that it can say. */
const file = {
  sample_spec: { input_cost_per_token: 0, mode: "one of: chat, …" },
  "gpt-x": {
    litellm_provider: "openai",
    mode: "chat",
    max_input_tokens: 128000,
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 1e-5,
    cache_read_input_token_cost: 1.25e-6,
    input_cost_per_token_batches: 1.25e-6,
    output_cost_per_token_batches: 5e-6,
    input_cost_per_token_priority: 4.25e-6,
    output_cost_per_token_priority: 1.7e-5,
    search_context_cost_per_query: { search_context_size_low: 0.03 },
  },
  "openai/gpt-x": { litellm_provider: "openai", mode: "chat", input_cost_per_token: 9e-6, output_cost_per_token: 9e-6 },
  "ft:gpt-x": { litellm_provider: "openai", input_cost_per_token: 3.75e-6, output_cost_per_token: 1.5e-5 },
  "claude-x": {
    litellm_provider: "anthropic",
    input_cost_per_token: 3e-6,
    output_cost_per_token: 1.5e-5,
    cache_read_input_token_cost: 3e-7,
    cache_creation_input_token_cost: 3.75e-6,
    cache_creation_input_token_cost_above_1hr: 6e-6,
    input_cost_per_token_above_200k_tokens: 6e-6,
    output_cost_per_token_above_200k_tokens: 2.25e-5,
    cache_creation_input_token_cost_above_1hr_above_200k_tokens: 1.2e-5,
  },
  "whisper-x": {
    litellm_provider: "openai",
    mode: "audio_transcription",
    input_cost_per_second: 0.0001,
    output_cost_per_second: 0.0001,
  },
  "tts-x": { litellm_provider: "openai", mode: "audio_speech", input_cost_per_character: 1.5e-5 },
  "image-x": {
    litellm_provider: "openai",
    mode: "image_generation",
    output_cost_per_image: 0.04,
    output_cost_per_image_token: 4e-5,
  },
  "draw-x": { litellm_provider: "openai", mode: "image_generation", output_cost_per_image: 0.04 },
  "hd/1024-x-1024/draw-x": { litellm_provider: "openai", mode: "image_generation", output_cost_per_image: 0.08 },
  "azure/gpt-x": { litellm_provider: "azure", input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 },
  "azure/eu/gpt-x": { litellm_provider: "azure", input_cost_per_token: 2.75e-6, output_cost_per_token: 1.1e-5 },
  "groq/vendor/model": { litellm_provider: "groq", input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7 },
  "deepinfra/m": { litellm_provider: "deepinfra", input_cost_per_token: 1e-7, output_cost_per_token: 2e-7 },
  "dashscope/t": {
    litellm_provider: "dashscope",
    tiered_pricing: [
      { range: [0, 256000], input_cost_per_token: 5e-8, output_cost_per_token: 4e-7 },
      { range: [256000, 1000000], input_cost_per_token: 2.5e-7, output_cost_per_token: 2e-6 },
    ],
  },
  "deepseek/night": {
    litellm_provider: "deepseek",
    input_cost_per_token: 2e-7,
    off_peak_pricing: { input_cost_per_token: 1e-7 },
  },
  "mistral/free": { litellm_provider: "mistral", input_cost_per_token: 0, output_cost_per_token: 0 },
  "xai/odd": { litellm_provider: "xai", input_cost_per_token: 1e-6, cache_read_input_token_cost: 2e-6 },
  "azure/box": { litellm_provider: "azure", code_interpreter_cost_per_session: 0.03 },
};

const { prices, report } = convertLitellm(file, { providers: { dashscope: "ali" } });
const table = prices.map((price) => ({ origin: "import" as const, price }));
const priceOf = (kind: string, model: string, provider = "p") => findPrice(table, { kind, provider, model, atMs: 0 });

describe("convertLitellm", () => {
  it("accounts for every entry: imported, or skipped with the reason", () => {
    expect(report.imported + report.skipped.length).toBe(Object.keys(file).length);
    expect(Object.fromEntries(report.skipped.map(({ name, reason }) => [name, reason]))).toEqual({
      sample_spec: "not-a-price",
      "gpt-x": "duplicate",
      "hd/1024-x-1024/draw-x": "by-size-or-quality",
      "azure/eu/gpt-x": "regional",
      "deepinfra/m": "unknown-provider",
      "deepseek/night": "by-hour",
      "mistral/free": "all-zero",
      "azure/box": "no-known-rate",
    });
  });

  it("reads rates, cache writes and tiers exactly", () => {
    expect(priceOf("anthropic", "claude-x")).toMatchObject({
      rates: {
        input: 3_000_000,
        output: 15_000_000,
        cached_input: 300_000,
        cache_write: 3_750_000,
        cache_write_1h: 6_000_000,
      },
      tiers: [
        { above_input_tokens: 200_000, rates: { input: 6_000_000, output: 22_500_000, cache_write_1h: 12_000_000 } },
      ],
    });
  });

  it("reads batch and priority prices as modes, and tells which rates it has no place for", () => {
    const { prices: alone, report: told } = convertLitellm({ "gpt-x": file["gpt-x"] });
    expect(alone[0]?.modes).toEqual({
      batch: { rates: { input: 1_250_000, output: 5_000_000 } },
      priority: { rates: { input: 4_250_000, output: 17_000_000 } },
    });
    expect(told.ignored).toEqual([{ rate: "search_context_cost_per_query", entries: 1, example: "gpt-x" }]);
  });

  it("bills a thing once, where the file says the same twice", () => {
    expect(costOf({ audioSeconds: 60 }, priceOf("openai", "whisper-x")!)).toBe(6000);
    expect(priceOf("openai", "image-x")?.rates).toEqual({ image_output: 40_000_000 });
    expect(costOf({ images: 2 }, priceOf("openai", "draw-x")!)).toBe(80_000);
    expect(costOf({ characters: 1000 }, priceOf("openai", "tts-x")!)).toBe(15_000);
  });

  it("names models as their provider does", () => {
    expect(priceOf("groq", "vendor/model")?.rates.input).toBe(150_000);
    expect(priceOf("azure-openai", "gpt-x")?.rates.input).toBe(2_500_000);
    expect(priceOf("openai", "ft:gpt-x:acme::abc")?.rates.input).toBe(3_750_000);
  });

  it("takes a provider that is no kind under the name that the project gives it", () => {
    const price = priceOf("openai-compatible", "t", "ali")!;
    expect(costOf({ inputTokens: 256_000, outputTokens: 0 }, price)).toBe(12_800);
    expect(costOf({ inputTokens: 256_001, outputTokens: 0 }, price)).toBe(64_000);
  });

  it("doubts what no provider asks", () => {
    expect(report.doubts).toEqual([{ name: "xai/odd", doubt: "cached input costs more than input" }]);
  });
});
