import { describe, expect, it } from "vitest";
import { readUsage } from "./read-usage.ts";

describe("readUsage", () => {
  it("reads wholes and parts once each: OpenAI counts the parts into the wholes", () => {
    const usage = readUsage(
      {
        prompt_tokens: 100,
        completion_tokens: 40,
        total_tokens: 140,
        prompt_tokens_details: { cached_tokens: 60, audio_tokens: 10, cache_write_tokens: 5, image_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 8 },
      },
      "priority",
    );
    expect(usage).toEqual({
      inputTokens: 100,
      outputTokens: 40,
      cachedInputTokens: 60,
      reasoningTokens: 20,
      cacheWriteTokens: 5,
      audioInputTokens: 10,
      audioOutputTokens: 8,
      serviceTier: "priority",
      source: "provider",
    });
  });

  it("adds thinking that a provider counts beside the output, which the total gives away", () => {
    const details = { completion_tokens_details: { reasoning_tokens: 20 } };
    expect(readUsage({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 35, ...details })?.outputTokens).toBe(25);
    expect(readUsage({ prompt_tokens: 10, completion_tokens: 25, total_tokens: 35, ...details })?.outputTokens).toBe(
      25,
    );
  });

  it("knows nothing where nothing was counted", () => {
    expect(readUsage({ prompt_tokens: null })).toBeUndefined();
    expect(readUsage(null)).toBeUndefined();
  });
});
