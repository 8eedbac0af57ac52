import { expect } from "vitest";
import {
  type CaseFixture,
  fixtureImage,
  fixtureText,
  halves,
  type ProviderFixture,
  sseEvent,
} from "../provider-fixture.ts";

type Block = Record<string, unknown>;

const startUsage = { input_tokens: 12, cache_creation_input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 1 };

const event = (data: { type: string } & Block): string => sseEvent(data, data.type);

function deltas(block: Block): Block[] {
  if (block["type"] === "tool_use") {
    const json = JSON.stringify(block["input"]);
    const pieces = ["", json.slice(0, 7), json.slice(7)];
    return pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }));
  }
  return halves(block["text"] as string).map((text) => ({ type: "text_delta", text }));
}

const opened = (block: Block): Block =>
  block["type"] === "tool_use" ? { ...block, input: {} } : { ...block, text: "" };

/** A message in one piece and as the events that the API sends of it. */
export function message(content: readonly Block[], stop_reason: string, more: Block = {}): CaseFixture {
  const head = {
    id: "msg_01XFDUDYJgAACzvnptvVoYEL",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
  };
  const whole = {
    ...head,
    content,
    stop_reason,
    stop_sequence: null,
    ...more,
    usage: { ...startUsage, output_tokens: 9, service_tier: "standard" },
  };
  const stream = [
    event({
      type: "message_start",
      message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: startUsage },
    }),
    ...content.flatMap((block, index) => [
      event({ type: "content_block_start", index, content_block: opened(block) }),
      ...(index === 0 ? [event({ type: "ping" })] : []),
      ...deltas(block).map((delta) => event({ type: "content_block_delta", index, delta })),
      event({ type: "content_block_stop", index }),
    ]),
    event({ type: "message_delta", delta: { stop_reason, stop_sequence: null, ...more }, usage: { output_tokens: 9 } }),
    event({ type: "message_stop" }),
  ];
  return { whole, stream };
}

const say = (text: string, stop_reason = "end_turn", more: Block = {}): CaseFixture =>
  message([{ type: "text", text }], stop_reason, more);
const use = (id: string, city: string): Block => ({ type: "tool_use", id, name: "get_weather", input: { city } });
const error = ([status, type]: readonly [number, string], text: string, headers: Record<string, string> = {}) => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  chunks: [
    JSON.stringify({ type: "error", error: { type, message: text }, request_id: "req_011CSHoEeqs5C35K2UUqR7Fy" }),
  ],
});

export const anthropicFixture: ProviderFixture = {
  kind: "anthropic",
  model: "claude-sonnet-4-5-20250929",
  secret: "sk-ant-api03-0123456789abcdef",
  streamType: "text/event-stream; charset=utf-8",
  cases: {
    text: {
      ...say(fixtureText),
      sent: ({ url, headers, body }) => {
        expect(url).toBe("https://api.anthropic.com/v1/messages");
        expect(headers.get("x-api-key")).toBe("sk-ant-api03-0123456789abcdef");
        expect(headers.get("anthropic-version")).toBe("2023-06-01");
        expect(body).toEqual({
          model: "claude-sonnet-4-5-20250929",
          max_tokens: 64,
          temperature: 0.5,
          system: [{ type: "text", text: "Be kind." }],
          messages: [{ role: "user", content: [{ type: "text", text: "Greet the world." }] }],
        });
      },
    },
    tools: {
      ...message([use("toolu_01A", "Paris")], "tool_use"),
      sent: ({ body }) => {
        expect(body["tool_choice"]).toEqual({ type: "any" });
        expect(body["tools"]).toEqual([
          {
            name: "get_weather",
            description: "The weather of a city.",
            input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
          },
        ]);
      },
    },
    "parallel-tools": message(
      [{ type: "text", text: "I look." }, use("toolu_01A", "Paris"), use("toolu_01B", "Oslo")],
      "tool_use",
    ),
    "tool-results": {
      ...say("Paris is warmer."),
      sent: ({ body }) => {
        expect(body["messages"]).toEqual([
          { role: "user", content: [{ type: "text", text: "Weather in Paris and Oslo?" }] },
          { role: "assistant", content: [use("call_1", "Paris"), use("call_2", "Oslo")] },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "call_1", content: [{ type: "text", text: "18 degrees" }] },
              { type: "tool_result", tool_use_id: "call_2", content: [{ type: "text", text: "4 degrees" }] },
            ],
          },
        ]);
      },
    },
    images: {
      ...say("A red pixel."),
      sent: ({ body }) => {
        expect(body["messages"]).toEqual([
          {
            role: "user",
            content: [
              { type: "text", text: "What is it?" },
              { type: "image", source: { type: "base64", media_type: "image/png", data: fixtureImage } },
            ],
          },
        ]);
      },
    },
    "json-schema": {
      ...say('{"name":"Ada","age":36}'),
      sent: ({ body }) => expect(body["output_config"]).toMatchObject({ format: { type: "json_schema" } }),
    },
    stop: {
      ...say("one two ", "stop_sequence", { stop_sequence: "three" }),
      sent: ({ body }) => expect(body["stop_sequences"]).toEqual(["three"]),
    },
    "max-tokens": { ...say("one two", "max_tokens"), sent: ({ body }) => expect(body["max_tokens"]).toBe(2) },
  },
  faults: {
    "rate-limit": {
      answer: error([429, "rate_limit_error"], "This request would exceed your rate limit for SECRET.", {
        "retry-after": "7",
      }),
      retryAfterSeconds: 7,
    },
    overloaded: { answer: error([529, "overloaded_error"], "Overloaded") },
    context: { answer: error([400, "invalid_request_error"], "prompt is too long: 215001 tokens > 200000 maximum") },
    auth: { answer: error([401, "authentication_error"], "invalid x-api-key SECRET") },
  },
  streamError: {
    after: 4,
    event: event({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }),
    code: "upstream-overloaded",
  },
  unknownEvent: event({ type: "a_later_event", index: 0, thing: true }),
  refuses: {
    logit_bias: { "1": 1 },
    seed: 7,
    n: 2,
    presence_penalty: 0.5,
    frequency_penalty: 0.5,
    logprobs: true,
    x_extra: true,
    verbosity: "low",
    temperature: 1.5,
    modalities: ["text", "audio"],
  },
};
