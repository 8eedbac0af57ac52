import { describe, expect, it } from "vitest";
import { countTokens } from "../../../../functions/count-tokens.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import { countUsage } from "./count-usage.ts";

const resolution = {
  fields: { messages: [{ role: "user", content: [{ type: "text", text: "hello world" }] }] },
} as unknown as Resolution;
const summary = {
  response: {
    choices: [{ index: 0, message: { role: "assistant", content: "tiktoken is great!" }, finish_reason: "stop" }],
  },
  usage: undefined,
  finishReasons: ["stop"],
  model: undefined,
};
const uncounted = { resolution, summary, model: "gpt-4o" };

describe("countUsage", () => {
  it("counts with the model's tokenizer, and says which", async () => {
    expect(await countUsage(uncounted, { countTokens })).toMatchObject({
      inputTokens: 2 + 3 + 3,
      outputTokens: 6,
      source: "estimated",
      estimatedBy: "o200k_base",
    });
  });

  it.each([
    ["no tokenizer is known", { ...uncounted, model: "claude-sonnet-4-5" }, countTokens],
    ["the counter is away", uncounted, async () => Promise.reject(new Error("away"))],
    [
      "the text is long",
      { ...uncounted, summary: { ...summary, response: { choices: [{ text: "x".repeat(200_001) }] } } },
      countTokens,
    ],
  ])("counts characters where %s", async (_, asked, counter) => {
    const usage = await countUsage(asked, { countTokens: counter });
    expect([usage?.source, usage?.estimatedBy]).toEqual(["estimated", "characters"]);
  });

  it("knows nothing where nothing came", async () => {
    expect(await countUsage({ ...uncounted, summary: undefined }, { countTokens })).toBeUndefined();
  });
});
