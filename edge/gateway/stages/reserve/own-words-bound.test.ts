import type { JsonObject } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { ownWordsBound } from "./own-words-bound.ts";

const bound = (options: JsonObject) => ownWordsBound({ provider_options: options });

describe("ownWordsBound", () => {
  it("says nothing of a request without such words, or with words that change no length", () => {
    const nothing = { outputTokens: undefined, choices: undefined, bringsInput: false };
    expect(ownWordsBound({ max_tokens: 5 })).toEqual(nothing);
    expect(bound({ anthropic: { thinking: { type: "enabled" } }, gemini: "x" })).toEqual(nothing);
  });

  it("finds the largest limit that any provider's words set", () => {
    expect(bound({ anthropic: { max_tokens: 64_000 }, cohere: { max_tokens: 10 } }).outputTokens).toBe(64_000);
    expect(bound({ gemini: { generationConfig: { maxOutputTokens: 9, candidateCount: 3 } } })).toMatchObject({
      outputTokens: 9,
      choices: 3,
    });
    expect(bound({ gemini: { generation_config: { max_output_tokens: "8000" } } }).outputTokens).toBe(8000);
  });

  it("knows no bound where the words take the limit away or make it none", () => {
    for (const words of [
      { anthropic: { max_tokens: null } },
      { gemini: { generationConfig: null } },
      { bedrock: { inferenceConfig: { maxTokens: "many" } } },
    ])
      expect(bound(words).outputTokens).toBe(Number.POSITIVE_INFINITY);
  });

  it("knows what brings input that its bytes do not measure", () => {
    for (const words of [
      { anthropic: { tools: [{ type: "web_search_20250305" }] } },
      { gemini: { cachedContent: "cachedContents/book" } },
    ])
      expect(bound(words).bringsInput).toBe(true);
  });
});
