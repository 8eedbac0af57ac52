import { describe, expect, it } from "vitest";
import { gemini } from "../../../edge/gateway/providers/gemini/index.ts";
import { describeProvider } from "../conformance.ts";
import { askProvider } from "../ask-provider.ts";
import { failure, geminiFixture } from "./fixtures.ts";

describeProvider(geminiFixture);

const ask = askProvider("gemini", { secret: "AIzaSy0123456789abcdef", model: "gemini-3-pro" });
const user = { role: "user", content: "Weather in Paris?" };
const chunk = (candidates: readonly object[], more: object = {}): object => ({
  candidates,
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2 },
  responseId: "r1",
  modelVersion: "gemini-3-pro",
  ...more,
});
const parts = (list: readonly object[], finishReason = "STOP"): object => ({
  content: { role: "model", parts: list },
  finishReason,
});

describe("Gemini", () => {
  it("gives a thought's signature back as it came, through provider_fields", async () => {
    const own = [
      { text: "I should look.", thought: true },
      { functionCall: { id: "fc-1", name: "get_weather", args: { city: "Paris" } }, thoughtSignature: "c2ln" },
    ];
    const { message } = await ask.whole({ messages: [user] }, chunk([parts(own)]));
    expect(message).toMatchObject({ reasoning_content: "I should look.", provider_fields: { gemini: { parts: own } } });
    const call = (message["tool_calls"] as { id: string }[])[0];
    const result = { role: "tool", tool_call_id: call?.id, content: '{"celsius":18}' };
    const again = await ask.whole({ messages: [user, message, result] }, chunk([parts([{ text: "18." }])]));
    expect(again.sent["contents"]).toEqual([
      { role: "user", parts: [{ text: "Weather in Paris?" }] },
      { role: "model", parts: own },
      { role: "user", parts: [{ functionResponse: { id: "fc-1", name: "get_weather", response: { celsius: 18 } } }] },
    ]);
  });

  it("stands in for a signature that nobody has, and takes one that the client kept as Google's own API gives it", async () => {
    const call = (more: object): object => ({
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "get_weather", arguments: "{}" }, ...more }],
    });
    const result = { role: "tool", tool_call_id: "c1", content: "18" };
    const signatureOf = async (more: object): Promise<unknown> => {
      const { sent } = await ask.whole({ messages: [user, call(more), result] }, chunk([parts([{ text: "ok" }])]));
      return (sent["contents"] as { parts: Record<string, unknown>[] }[])[1]?.parts[0]?.["thoughtSignature"];
    };
    expect(await signatureOf({})).toBe("skip_thought_signature_validator");
    expect(await signatureOf({ extra_content: { google: { thought_signature: "a2VwdA==" } } })).toBe("a2VwdA==");
  });

  it("answers several choices, each with its own finish", async () => {
    const two = [
      { ...parts([{ text: "a" }]), index: 0 },
      { ...parts([{ text: "b" }], "MAX_TOKENS"), index: 1 },
    ];
    const { body, sent } = await ask.whole({ messages: [user], n: 2 }, chunk(two));
    expect(sent["generationConfig"]).toEqual({ candidateCount: 2 });
    expect(body["choices"]).toMatchObject([
      { index: 0, message: { content: "a" }, finish_reason: "stop" },
      { index: 1, message: { content: "b" }, finish_reason: "length" },
    ]);
  });

  it("calls a filtered answer filtered, and refuses with a filtered prompt", async () => {
    const { body } = await ask.whole({ messages: [user] }, chunk([{ finishReason: "SAFETY", safetyRatings: [] }]));
    expect(body["choices"]).toMatchObject([{ finish_reason: "content_filter", message: { content: null } }]);
    const blocked = { promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata: { promptTokenCount: 3 } };
    await expect(ask.whole({ messages: [user] }, blocked)).rejects.toMatchObject({ code: "content-filtered" });
  });

  it("does not pass a failed tool call for an answer", async () => {
    const failed = chunk([{ finishReason: "MALFORMED_FUNCTION_CALL" }]);
    await expect(ask.whole({ messages: [user] }, failed)).rejects.toMatchObject({ code: "upstream-garbage" });
  });

  it("tells a quota that is spent for the day from a limit that passes", async () => {
    const violations = [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" }];
    const told = { message: "You exceeded your current quota.", details: [{ violations }] };
    await expect(ask.answer({ messages: [user] }, failure(429, "RESOURCE_EXHAUSTED", told))).rejects.toMatchObject({
      code: "upstream-quota-exhausted",
    });
  });

  it("thinks as far as asked: in levels, or in tokens for the models before", async () => {
    const configOf = async (model: string, effort: string): Promise<unknown> => {
      const old = askProvider("gemini", { secret: "k".repeat(20), model });
      const { sent } = await old.whole({ messages: [user], reasoning_effort: effort }, chunk([parts([{ text: "x" }])]));
      return (sent["generationConfig"] as Record<string, unknown>)["thinkingConfig"];
    };
    expect(await configOf("gemini-3-pro", "low")).toEqual({ thinkingLevel: "low", includeThoughts: true });
    expect(await configOf("gemini-2.5-pro", "medium")).toEqual({ thinkingBudget: 8192, includeThoughts: true });
    expect(await configOf("gemini-2.5-flash", "none")).toEqual({ thinkingBudget: 0 });
  });

  it("merges what is said to it in its own words, and nothing that is said to others", async () => {
    const provider_options = {
      gemini: { safetySettings: [{ category: "X" }], generationConfig: { topK: 3 } },
      cohere: { a: 1 },
    };
    const fields = { messages: [user], temperature: 1, provider_options };
    const { sent } = await ask.whole(fields, chunk([parts([{ text: "x" }])]));
    expect(sent).toMatchObject({ safetySettings: [{ category: "X" }], generationConfig: { temperature: 1, topK: 3 } });
    expect(JSON.stringify(sent)).not.toContain("cohere");
  });

  it("embeds, as numbers or in base64, with the dimensions that were asked for", async () => {
    const answer = { embeddings: [{ values: [0.5, -1] }, { values: [1, 2] }] };
    const fields = { input: ["a", "b"], dimensions: 2, provider_options: { gemini: { taskType: "CLUSTERING" } } };
    const { body, sent } = await ask.whole(fields, answer, "embeddings");
    expect(sent["requests"]).toMatchObject([
      {
        model: "models/gemini-3-pro",
        content: { parts: [{ text: "a" }] },
        outputDimensionality: 2,
        taskType: "CLUSTERING",
      },
      { content: { parts: [{ text: "b" }] } },
    ]);
    expect(body["data"]).toEqual([
      { object: "embedding", index: 0, embedding: [0.5, -1] },
      { object: "embedding", index: 1, embedding: [1, 2] },
    ]);
    expect(body).not.toHaveProperty("usage");
    await expect(ask.whole({ input: [[1, 2]] }, answer, "embeddings")).rejects.toMatchObject({ param: "input" });
    const base64 = await ask.whole(
      { input: "a", encoding_format: "base64" },
      { embeddings: [{ values: [1] }] },
      "embeddings",
    );
    expect(base64.body["data"]).toMatchObject([{ embedding: "AACAPw==" }]);
  });

  it("knows what a model can do", () => {
    expect(gemini.capabilities("gemini-2.5-pro").has("audio-input")).toBe(true);
    expect(gemini.capabilities("gemma-3-27b-it").has("tools")).toBe(false);
  });
});
