import { chatRequestSchema, type JsonObject } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { checkRequest } from "../../edge/gateway/dialects/responses/request.ts";
import { normaliseInput } from "../../edge/gateway/dialects/responses/normalise-items.ts";
import { translateItems } from "../../edge/gateway/dialects/responses/translate-items.ts";
import { translateMessages } from "../../edge/gateway/dialects/messages/request.ts";
import { planChat } from "../../gpu-runner/chat/plan-chat.ts";

const model = {
  digest: "0".repeat(64),
  architecture: "llama",
  contextTokens: 4096,
  hasChatTemplate: true,
  device: "cpu",
  endTokens: [0],
  vocabularySize: 100,
};
const plan = (fields: JsonObject) => {
  const { model: _model, ...request } = chatRequestSchema.parse(fields);
  return planChat({ ...request, model: "local" }, model, { temperature: 1, randomSeed: () => 1 });
};
const parameters = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };

/** As a coding tool asks Anthropic's API in the middle of its work. */
const messagesRequest = {
  model: "local",
  max_tokens: 32_000,
  stream: true,
  system: [
    { type: "text", text: "You are a coding tool.", cache_control: { type: "ephemeral" } },
    { type: "text", text: "The folder is /work." },
  ],
  thinking: { type: "enabled", budget_tokens: 31_999 },
  context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
  metadata: { user_id: `user_${"0".repeat(64)}_account__session_${"1".repeat(36)}` },
  tools: [{ name: "Read", description: "Reads a file", input_schema: parameters, eager_input_streaming: true }],
  messages: [
    { role: "user", content: [{ type: "text", text: "Read a", cache_control: { type: "ephemeral" } }] },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm", signature: "c2ln" },
        { type: "tool_use", id: "toolu_1", name: "Read", input: { path: "a" } },
      ],
    },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "1" }] }],
    },
  ],
};

/** As a coding tool asks OpenAI's responses in the middle of its work. */
const responsesRequest = {
  model: "local",
  stream: true,
  store: false,
  instructions: "You are a coding tool.",
  include: ["reasoning.encrypted_content"],
  prompt_cache_key: "session-1",
  parallel_tool_calls: false,
  tool_choice: "auto",
  tools: [{ type: "function", name: "read", description: "Reads a file", parameters, strict: false }],
  input: [
    { type: "message", role: "developer", content: [{ type: "input_text", text: "The folder is /work." }] },
    { type: "message", role: "user", content: [{ type: "input_text", text: "Read a" }] },
    { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "AAAA" },
    { type: "function_call", call_id: "call_1", name: "read", arguments: '{"path":"a"}' },
    { type: "function_call_output", call_id: "call_1", output: "1" },
  ],
};

describe("the runner takes what a coding tool asks", () => {
  it("in Anthropic's words", () => {
    const { fields, nativeOnly } = translateMessages(messagesRequest as unknown as JsonObject, {
      betas: [],
      counting: false,
    });
    expect(nativeOnly).toEqual([]);
    expect(plan(fields)).toMatchObject({ stream: true, answer: "text-or-calls" });
  });

  it("in the words of OpenAI's responses", () => {
    const checked = checkRequest(responsesRequest as unknown as JsonObject);
    const items = normaliseInput(responsesRequest.input, `trc_${"0".repeat(32)}`);
    const fields = { ...checked.fields, messages: translateItems(items, 0) };
    expect(plan(fields)).toMatchObject({ stream: true, answer: "text-or-calls" });
  });
});
