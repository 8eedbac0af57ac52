import type { Usage } from "@millrace/core/contract";
import { expect, it } from "vitest";
import { readUsage } from "../providers/openai-wire/read-usage.ts";
import { toWireUsage } from "./wire-usage.ts";

it("says everything that a cost depends on, so that it can be read back", () => {
  const usage: Usage = {
    inputTokens: 1500,
    outputTokens: 90,
    cachedInputTokens: 1000,
    reasoningTokens: 40,
    cacheWriteTokens: 300,
    cacheWrite1hTokens: 100,
    audioInputTokens: 5,
    imageInputTokens: 6,
    audioOutputTokens: 7,
    imageOutputTokens: 8,
    serviceTier: "priority",
    source: "provider",
  };
  expect(readUsage(toWireUsage(usage), usage.serviceTier)).toEqual(usage);
});

it("says nothing while a count that it must have is unknown", () => {
  const unknown = { cachedInputTokens: undefined, reasoningTokens: undefined, source: "provider" } as const;
  expect(toWireUsage({ ...unknown, inputTokens: 1, outputTokens: undefined })).toBeUndefined();
  expect(toWireUsage({ ...unknown, inputTokens: 1, outputTokens: 2 })).toEqual({
    prompt_tokens: 1,
    completion_tokens: 2,
    total_tokens: 3,
  });
});
