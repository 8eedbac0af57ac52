import { expect } from "vitest";
import {
  type CaseFixture,
  fixtureImage,
  fixtureText,
  halves,
  type ProviderFixture,
  sseEvent,
} from "../provider-fixture.ts";

type Json = Record<string, unknown>;

const id = "c14c80c3-18eb-4519-9460-6c92edd8cfb4";
const usage = {
  billed_units: { input_tokens: 21, output_tokens: 9 },
  tokens: { input_tokens: 88, output_tokens: 11 },
};

const event = (data: { type: string } & Json): string => sseEvent(data, data.type);
const inMessage = (type: string, index: number, message: Json): string => event({ type, index, delta: { message } });

function callEvents(call: Call, index: number): string[] {
  const text = call.function.arguments;
  const opened = { ...call, function: { ...call.function, arguments: "" } };
  return [
    inMessage("tool-call-start", index, { tool_calls: opened }),
    ...[text.slice(0, 5), text.slice(5)].map((piece) =>
      inMessage("tool-call-delta", index, { tool_calls: { function: { arguments: piece } } }),
    ),
    event({ type: "tool-call-end", index }),
  ];
}

interface Call {
  readonly [field: string]: unknown;
  readonly function: { readonly name: string; readonly arguments: string };
}

interface Said {
  readonly text?: string;
  readonly plan?: string;
  readonly calls?: readonly Call[];
}

/** An answer in one piece and as the events that the API sends of it. */
export function answer({ text, plan, calls = [] }: Said, finish_reason: string): CaseFixture {
  const message = {
    role: "assistant",
    ...(text === undefined ? {} : { content: [{ type: "text", text }] }),
    ...(plan === undefined ? {} : { tool_plan: plan }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const stream = [
    event({
      id,
      type: "message-start",
      delta: { message: { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] } },
    }),
    ...(plan === undefined ? [] : halves(plan).map((tool_plan) => inMessage("tool-plan-delta", 0, { tool_plan }))),
    ...(text === undefined
      ? []
      : [
          inMessage("content-start", 0, { content: { type: "text", text: "" } }),
          ...halves(text).map((piece) => inMessage("content-delta", 0, { content: { text: piece } })),
          event({ type: "content-end", index: 0 }),
        ]),
    ...calls.flatMap(callEvents),
    event({ type: "message-end", delta: { finish_reason, usage } }),
    "data: [DONE]\n\n",
  ];
  return { whole: { id, finish_reason, message, usage }, stream };
}

export const use = (callId: string, city: string): Call => ({
  id: callId,
  type: "function",
  function: { name: "get_weather", arguments: JSON.stringify({ city }) },
});

const say = (text: string, reason = "COMPLETE"): CaseFixture => answer({ text }, reason);

export function failure(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    chunks: [JSON.stringify({ id, message })],
  };
}

export const cohereFixture: ProviderFixture = {
  kind: "cohere",
  model: "command-a-03-2025",
  secret: "co-0123456789abcdefghij",
  streamType: "text/event-stream",
  cases: {
    text: {
      ...say(fixtureText),
      sent: ({ url, headers, body }) => {
        expect(url).toBe("https://api.cohere.com/v2/chat");
        expect(headers.get("authorization")).toBe("Bearer co-0123456789abcdefghij");
        expect(body).toEqual({
          model: "command-a-03-2025",
          stream: false,
          messages: [
            { role: "system", content: "Be kind." },
            { role: "user", content: "Greet the world." },
          ],
          temperature: 0.5,
          max_tokens: 64,
        });
      },
    },
    tools: {
      ...answer({ plan: "I will look it up.", calls: [use("get_weather_a", "Paris")] }, "TOOL_CALL"),
      sent: ({ body }) => {
        expect(body["tool_choice"]).toBe("REQUIRED");
        expect(body["tools"]).toMatchObject([{ type: "function", function: { name: "get_weather" } }]);
      },
    },
    "parallel-tools": answer({ plan: "Both.", calls: [use("a", "Paris"), use("b", "Oslo")] }, "TOOL_CALL"),
    "tool-results": {
      ...say("Paris is warmer."),
      sent: ({ body }) => {
        expect(body["messages"]).toEqual([
          { role: "user", content: "Weather in Paris and Oslo?" },
          { role: "assistant", tool_calls: [use("call_1", "Paris"), use("call_2", "Oslo")] },
          { role: "tool", tool_call_id: "call_1", content: "18 degrees" },
          { role: "tool", tool_call_id: "call_2", content: "4 degrees" },
        ]);
      },
    },
    images: {
      ...say("A red pixel."),
      sent: ({ body }) => {
        const image_url = { url: `data:image/png;base64,${fixtureImage}` };
        expect(body["messages"]).toEqual([
          {
            role: "user",
            content: [
              { type: "text", text: "What is it?" },
              { type: "image_url", image_url },
            ],
          },
        ]);
      },
    },
    "json-schema": {
      ...say('{"name":"Ada","age":36}'),
      sent: ({ body }) =>
        expect(body["response_format"]).toMatchObject({
          type: "json_object",
          json_schema: { required: ["name", "age"] },
        }),
    },
    stop: {
      ...say("one two ", "STOP_SEQUENCE"),
      sent: ({ body }) => expect(body["stop_sequences"]).toEqual(["three"]),
    },
    "max-tokens": { ...say("one two", "MAX_TOKENS"), sent: ({ body }) => expect(body["max_tokens"]).toBe(2) },
  },
  faults: {
    "rate-limit": {
      answer: failure(429, "Too many requests with SECRET.", { "retry-after": "7" }),
      retryAfterSeconds: 7,
    },
    overloaded: { answer: failure(503, "The service is unavailable.") },
    context: {
      answer: failure(
        400,
        "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 200001.",
      ),
    },
    auth: { answer: failure(401, "invalid api token SECRET") },
  },
  streamError: {
    after: 3,
    event: event({ type: "message-end", delta: { finish_reason: "ERROR", error: "internal" } }),
    code: "upstream-garbage",
  },
  unknownEvent: event({ type: "debug", prompt: "…" }),
  // [DONE] says nothing that `message-end` did not.
  dispensableEvents: 1,
  refuses: {
    logit_bias: { "1": 1 },
    n: 2,
    logprobs: true,
    top_p: 1,
    presence_penalty: 1.5,
    frequency_penalty: -1,
    x_extra: true,
    reasoning_effort: "extreme",
  },
};
