import { describe, expect, it } from "vitest";
import type { JsonObject } from "../contract/index.ts";
import { estimateInputTokens, requestNeeds, requiredCapabilities } from "./request-needs.ts";

const user = (content: JsonObject["content"]): JsonObject => ({ messages: [{ role: "user", content: content ?? "" }] });
const needed = (fields: JsonObject): string[] => [...requiredCapabilities("chat", fields)].sort();

describe("requiredCapabilities", () => {
  it("asks nothing for a plain question", () => {
    expect(needed(user("Hello"))).toEqual([]);
  });

  it("finds each capability where a request asks for it", () => {
    expect(needed({ ...user("x"), stream: true })).toEqual(["streaming"]);
    expect(needed({ ...user("x"), tools: [{ type: "function" }] })).toEqual(["tools"]);
    expect(needed({ ...user("x"), tools: [{ type: "function" }], parallel_tool_calls: true })).toEqual([
      "parallel-tools",
      "tools",
    ]);
    expect(needed({ ...user("x"), response_format: { type: "json_object" } })).toEqual(["json-object"]);
    expect(needed({ ...user("x"), response_format: { type: "json_schema" } })).toEqual(["json-schema"]);
    expect(needed({ ...user("x"), response_format: { type: "text" } })).toEqual([]);
    expect(needed(user([{ type: "image_url", image_url: { url: "https://x.example/y.png" } }]))).toEqual(["images"]);
    expect(needed(user([{ type: "input_audio", input_audio: { data: "", format: "wav" } }]))).toEqual(["audio-input"]);
    expect(needed(user([{ type: "file", file: { file_id: "f" } }]))).toEqual(["files"]);
    expect(needed({ ...user("x"), modalities: ["text", "audio"] })).toEqual(["audio-output"]);
    expect(needed({ ...user("x"), logprobs: true, n: 2, seed: 1 })).toEqual(["logprobs", "multiple-choices", "seed"]);
    expect(
      needed({
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: "b" },
        ],
      }),
    ).toEqual(["prefill"]);
  });

  it("asks nothing for what is switched off or absent in all but name", () => {
    expect(needed({ ...user("x"), tools: [], logprobs: false, n: 1, seed: null, stream: false })).toEqual([]);
  });

  it("asks for tools when only the conversation holds them", () => {
    const messages = [
      { role: "assistant", tool_calls: [] },
      { role: "tool", tool_call_id: "1", content: "x" },
    ];
    expect(needed({ messages })).toEqual(["tools"]);
  });
});

describe("estimateInputTokens", () => {
  it("counts text by its bytes, and no encoded picture", () => {
    expect(estimateInputTokens({ prompt: "x".repeat(400) })).toBe(100);
    expect(estimateInputTokens({ prompt: "x".repeat(400) }, 3)).toBe(300);
    const url = `data:image/png;base64,${"A".repeat(1_000_000)}`;
    expect(estimateInputTokens(user([{ type: "image_url", image_url: { url } }]))).toBeLessThan(1000);
  });

  it("comes with the limit that the request sets", () => {
    expect(requestNeeds("chat", { ...user("x"), max_tokens: 7 }).maxOutputTokens).toBe(7);
    expect(requestNeeds("chat", { ...user("x"), max_tokens: 7, max_completion_tokens: 9 }).maxOutputTokens).toBe(9);
    expect(requestNeeds("chat", user("x")).maxOutputTokens).toBeUndefined();
  });
});
