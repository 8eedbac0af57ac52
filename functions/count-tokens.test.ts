import { expect, it } from "vitest";
import { countTokens } from "./count-tokens.ts";

// Counts as OpenAI's tiktoken gives them.
it.each([
  ["o200k_base", ["hello world", "tiktoken is great!", ""], [2, 6, 0]],
  ["cl100k_base", ["hello world", "tiktoken is great!"], [2, 6]],
] as const)("counts with %s", async (tokenizer, texts, counts) => {
  expect(await countTokens(tokenizer, texts)).toEqual(counts);
});

it("counts what looks like a special token as text", async () => {
  expect((await countTokens("o200k_base", ["<|endoftext|>"]))[0]).toBeGreaterThan(1);
});
