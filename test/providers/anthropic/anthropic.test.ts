import { describe, expect, it } from "vitest";
import { anthropic } from "../../../edge/gateway/providers/anthropic/index.ts";
import { askProvider } from "../ask-provider.ts";
import { describeProvider } from "../conformance.ts";
import { sseEvent } from "../provider-fixture.ts";
import { chatCall, scriptedService } from "../scripted-service.ts";
import { anthropicFixture, message as answer } from "./fixtures.ts";

describeProvider(anthropicFixture);

const secret = "sk-ant-api03-0123456789abcdef";
const ask = (model = "claude-sonnet-4-5") => askProvider("anthropic", { secret, model });
const user = { role: "user", content: "hi" };
const hello = answer([{ type: "text", text: "Hello" }], "end_turn").whole;
const events = (list: readonly ({ type: string } & Record<string, unknown>)[]) => ({
  headers: { "content-type": "text/event-stream" },
  chunks: list.map((event) => sseEvent(event, event.type)),
});
const head = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-5",
  content: [],
  stop_reason: null,
};
const start = { type: "message_start", message: { ...head, usage: { input_tokens: 3, output_tokens: 1 } } };
const delta = (index: number, given: object) => ({ type: "content_block_delta", index, delta: given });
const open = (index: number, content_block: object) => ({ type: "content_block_start", index, content_block });
const close = (index: number) => ({ type: "content_block_stop", index });
const end = (stop_reason: string) => [
  { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 9 } },
  { type: "message_stop" },
];

const thought = { type: "thinking", thinking: "I should look.", signature: "EqQBCgIYAg==" };
const lookUp = { type: "tool_use", id: "toolu_1", name: "now", input: {} };

describe("Anthropic", () => {
  it("gives a thought and its signature back to the model, the same from both forms of an answer", async () => {
    const usage = { input_tokens: 3, output_tokens: 9 };
    const whole = { ...head, content: [thought, lookUp], stop_reason: "tool_use", usage };
    const { message } = await ask().whole({ messages: [user] }, whole);
    const streamed = await ask().stream(
      { messages: [user] },
      events([
        start,
        open(0, { type: "thinking", thinking: "", signature: "" }),
        delta(0, { type: "thinking_delta", thinking: "I should " }),
        delta(0, { type: "thinking_delta", thinking: "look." }),
        delta(0, { type: "signature_delta", signature: "EqQBCgIYAg==" }),
        close(0),
        open(1, lookUp),
        delta(1, { type: "input_json_delta", partial_json: "" }),
        close(1),
        ...end("tool_use"),
      ]),
    );
    expect(streamed.message).toEqual(message);
    expect(message).toMatchObject({
      reasoning_content: "I should look.",
      tool_calls: [{ id: "toolu_1", function: { name: "now", arguments: "{}" } }],
      provider_fields: { anthropic: { content: [thought, lookUp], stop_reason: "tool_use" } },
    });
    const result = { role: "tool", tool_call_id: "toolu_1", content: "noon" };
    const again = await ask().whole({ messages: [user, message, result] }, hello);
    expect((again.sent["messages"] as object[])[1]).toEqual({ role: "assistant", content: [thought, lookUp] });
  });

  it("keeps each of its events as it came, beside what an OpenAI client gets", async () => {
    const sent = [
      start,
      { type: "ping" },
      open(0, { type: "text", text: "" }),
      delta(0, { type: "text_delta", text: "Hi" }),
      close(0),
      ...end("end_turn"),
    ];
    const { frames } = await ask().stream({ messages: [user] }, events(sent));
    const native = frames.flatMap((frame) => frame.native ?? []);
    expect(native.map(({ event, data }) => [event, JSON.parse(data) as unknown])).toEqual(
      sent.map((event) => [event.type, event]),
    );
    expect(new Set(native.map(({ dialect }) => dialect))).toEqual(new Set(["anthropic"]));
  });

  it("passes a caller's own Anthropic request on, with model, stream and betas set", async () => {
    const { target } = ask("claude-opus-4-7");
    const service = scriptedService(
      { headers: { "content-type": "application/json" }, chunks: [JSON.stringify(hello)] },
      { secret },
    );
    const fields = {
      model: "mine",
      max_tokens: 5,
      messages: [],
      thinking: { type: "adaptive" },
      mcp_servers: [{ url: "x" }],
    };
    const native = { dialect: "anthropic", fields, betas: ["a-1", "b-2"] } as const;
    const given = await anthropic.call({ ...chatCall(target, { messages: [user] }), native }, service.deps);
    expect(service.sent[0]?.body).toEqual({ ...fields, model: "claude-opus-4-7", stream: false });
    expect(service.sent[0]?.headers.get("anthropic-beta")).toBe("a-1,b-2");
    expect(given.kind === "whole" && given.native?.text).toBe(JSON.stringify(hello));
  });

  it("merges what is said to it in its own words, and takes betas from there", async () => {
    const provider_options = { anthropic: { betas: ["x-1"], context_management: { edits: [] }, metadata: { a: 1 } } };
    const { sent, request } = await ask().whole({ messages: [user], user: "u-1", provider_options }, hello);
    expect(sent).toMatchObject({ context_management: { edits: [] }, metadata: { user_id: "u-1", a: 1 } });
    expect(sent).not.toHaveProperty("betas");
    expect(request?.headers.get("anthropic-beta")).toBe("x-1");
  });

  it("carries cache marks and documents where the caller put them", async () => {
    const cache_control = { type: "ephemeral" };
    const file = { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBERi0=" };
    const text = { filename: "b.txt", file_data: `data:text/plain;base64,${Buffer.from("Grüße").toString("base64")}` };
    const messages = [
      { role: "system", content: "Long.", cache_control },
      {
        role: "user",
        content: [
          { type: "file", file, cache_control },
          { type: "file", file: text },
          { type: "image_url", image_url: { url: "https://a.example/b.png", detail: "auto" } },
        ],
      },
    ];
    const tools = [{ type: "function", function: { name: "f", strict: true }, cache_control }];
    const { sent } = await ask().whole({ messages, tools }, hello);
    expect(sent["system"]).toEqual([{ type: "text", text: "Long.", cache_control }]);
    expect(sent["messages"]).toMatchObject([
      {
        content: [
          {
            type: "document",
            title: "a.pdf",
            source: { type: "base64", media_type: "application/pdf", data: "JVBERi0=" },
            cache_control,
          },
          { type: "document", source: { type: "text", media_type: "text/plain", data: "Grüße" } },
          { type: "image", source: { type: "url", url: "https://a.example/b.png" } },
        ],
      },
    ]);
    expect(sent["tools"]).toEqual([
      { name: "f", input_schema: { type: "object", properties: {} }, strict: true, cache_control },
    ]);
  });

  it("answers in JSON by a tool where a schema is only a wish, streamed or not", async () => {
    const fields = { messages: [user], response_format: { type: "json_object" } };
    const given = answer([{ type: "tool_use", id: "t", name: "answer_in_json", input: { a: [1, "ü"] } }], "tool_use");
    const { body, message, sent } = await ask("claude-3-haiku-20240307").whole(fields, given.whole);
    expect(sent["tool_choice"]).toMatchObject({ type: "tool", name: "answer_in_json" });
    expect(message).toMatchObject({ content: '{"a":[1,"ü"]}' });
    expect(message).not.toHaveProperty("tool_calls");
    expect(body["choices"]).toMatchObject([{ finish_reason: "stop" }]);
    const script = { headers: { "content-type": "text/event-stream" }, chunks: given.stream };
    const streamed = await ask("claude-3-haiku-20240307").stream(fields, script);
    expect(streamed.message["content"]).toBe('{"a":[1,"ü"]}');
    await expect(
      ask("claude-3-haiku-20240307").whole(
        { ...fields, tools: [{ type: "function", function: { name: "f" } }] },
        hello,
      ),
    ).rejects.toMatchObject({ code: "unsupported-parameter", param: "response_format" });
  });

  it.each([
    ["refusal", "content_filter"],
    ["pause_turn", "length"],
    ["model_context_window_exceeded", "length"],
    ["a_later_reason", "content_filter"],
  ])("an answer that ends with %s is not a success", async (reason, finish) => {
    const { body } = await ask().whole({ messages: [user] }, answer([{ type: "text", text: "x" }], reason).whole);
    expect(body["choices"]).toMatchObject([
      { finish_reason: finish, message: { provider_fields: { anthropic: { stop_reason: reason } } } },
    ]);
  });

  it("thinks as far as asked: adaptively, or in tokens that leave room for the answer", async () => {
    const sentOf = async (model: string, fields: object): Promise<unknown> =>
      (await ask(model).whole({ messages: [user], ...fields }, hello)).sent;
    expect(await sentOf("claude-opus-4-7", { reasoning_effort: "xhigh" })).toMatchObject({
      thinking: { type: "adaptive" },
      output_config: { effort: "xhigh" },
      max_tokens: 128_000,
    });
    expect(await sentOf("claude-sonnet-4-5", { reasoning_effort: "high", max_tokens: 4000 })).toMatchObject({
      thinking: { type: "enabled", budget_tokens: 3999 },
    });
    await expect(sentOf("claude-sonnet-4-5", { reasoning_effort: "low", max_tokens: 500 })).rejects.toMatchObject({
      param: "reasoning_effort",
    });
    await expect(sentOf("claude-3-haiku-20240307", { reasoning_effort: "low" })).rejects.toMatchObject({
      param: "reasoning_effort",
    });
  });

  it("goes on where a trailing assistant turn ends, for models that do", async () => {
    const begun = { role: "assistant", content: "Once upon" };
    const { sent } = await ask().whole({ messages: [user, begun] }, hello);
    expect((sent["messages"] as object[]).at(-1)).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "Once upon" }],
    });
    expect(anthropic.capabilities("claude-sonnet-4-5-20250929").has("prefill")).toBe(true);
    for (const model of ["claude-opus-4-6", "claude-sonnet-5", "claude-fable-5"])
      expect(anthropic.capabilities(model).has("prefill"), model).toBe(false);
  });

  it("counts what is written to its cache apart, for one hour or less", async () => {
    const usage = { input_tokens: 1, cache_read_input_tokens: 10, cache_creation_input_tokens: 100, output_tokens: 2 };
    const cache_creation = { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 };
    const sent = [
      { type: "message_start", message: { ...head, usage: { ...usage, cache_creation } } },
      open(0, { type: "text", text: "x" }),
      close(0),
      ...end("end_turn"),
    ];
    const { frames } = await ask().stream({ messages: [user] }, events(sent));
    const counted = frames.flatMap((frame) => frame.events).find((event) => event.type === "usage");
    expect(counted).toMatchObject({
      usage: {
        inputTokens: 111,
        outputTokens: 9,
        cachedInputTokens: 10,
        cacheWriteTokens: 100,
        cacheWrite1hTokens: 40,
      },
    });
  });

  it("counts the tokens of a request without asking for an answer", async () => {
    const service = scriptedService({ chunks: ['{"input_tokens":2095}'] }, { secret });
    const call = chatCall(ask().target, { messages: [user], max_tokens: 9, temperature: 1 });
    expect(await anthropic.countTokens?.(call, service.deps)).toBe(2095);
    expect(service.sent[0]?.url).toBe("https://api.anthropic.com/v1/messages/count_tokens");
    expect(Object.keys(service.sent[0]?.body ?? {})).toEqual(["model", "messages"]);
  });

  it("an account without credit is not the caller's fault", async () => {
    const error = {
      type: "error",
      error: { type: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API." },
    };
    const script = { status: 400, chunks: [JSON.stringify(error)] };
    await expect(ask().answer({ messages: [user] }, script)).rejects.toMatchObject({
      code: "upstream-quota-exhausted",
    });
  });

  it("can still be left for another provider while nothing but its preamble is here", async () => {
    const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    await expect(
      ask().stream({ messages: [user] }, events([start, { type: "ping" }, overloaded])),
    ).rejects.toMatchObject({ code: "upstream-overloaded" });
  });

  it("names the field that it cannot read", async () => {
    const call = { id: "c", type: "function", function: { name: "f", arguments: "[1]" } };
    await expect(
      ask().whole({ messages: [user, { role: "assistant", tool_calls: [call] }] }, hello),
    ).rejects.toMatchObject({
      code: "invalid-request",
      param: "messages[1].tool_calls[0].function.arguments",
    });
    await expect(ask().whole({ messages: [{ ...user, name: "Ada" }] }, hello)).rejects.toMatchObject({
      param: "messages[0].name",
    });
    const image = { type: "image_url", image_url: { url: "https://a.example/b.png", detail: "high" } };
    await expect(ask().whole({ messages: [{ role: "user", content: [image] }] }, hello)).rejects.toMatchObject({
      param: "messages[0].content[0].image_url.detail",
    });
  });
});
