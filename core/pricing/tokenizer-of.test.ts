import { expect, it } from "vitest";
import { tokenizerOf } from "./index.ts";

it.each([
  ["gpt-4o-mini-2024-07-18", "o200k_base"],
  ["ft:gpt-4o-2024-08-06:acme::x", "o200k_base"],
  ["gpt-4.1", "o200k_base"],
  ["gpt-5-nano", "o200k_base"],
  ["o3", "o200k_base"],
  ["o4-mini", "o200k_base"],
  ["openai/gpt-oss-120b", "o200k_base"],
  ["openai/gpt-4-turbo", "cl100k_base"],
  ["gpt-3.5-turbo", "cl100k_base"],
  ["text-embedding-3-small", "cl100k_base"],
  ["claude-sonnet-4-5", undefined],
  ["o300-vendor", undefined],
  ["gpt-2", undefined],
])("%s is counted with %s", (model, tokenizer) => {
  expect(tokenizerOf(model)).toBe(tokenizer);
});
