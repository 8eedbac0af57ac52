import { expect } from "vitest";
import { type CaseFixture, fixtureImage, fixtureText, halves, type ProviderFixture } from "../provider-fixture.ts";
import { event, exception } from "./encode-event.ts";

type Block = Record<string, unknown>;

const usage = {
  inputTokens: 12,
  outputTokens: 9,
  totalTokens: 30,
  cacheReadInputTokens: 5,
  cacheWriteInputTokens: 4,
};
const metrics = { latencyMs: 1234 };

function blockEvents(block: Block, contentBlockIndex: number): Uint8Array[] {
  const stop = event("contentBlockStop", { contentBlockIndex });
  const delta = (given: Block): Uint8Array => event("contentBlockDelta", { contentBlockIndex, delta: given });
  if (typeof block["text"] === "string") return [...halves(block["text"]).map((text) => delta({ text })), stop];
  const thought = (block["reasoningContent"] as { reasoningText: Block } | undefined)?.reasoningText;
  if (thought !== undefined) {
    const { text, signature } = thought;
    return [...[{ text }, { signature }].map((reasoningContent) => delta({ reasoningContent })), stop];
  }
  const { input, ...tool } = block["toolUse"] as Block;
  const json = JSON.stringify(input);
  const inputs = [json.slice(0, 6), json.slice(6)].map((piece) => delta({ toolUse: { input: piece } }));
  return [event("contentBlockStart", { contentBlockIndex, start: { toolUse: tool } }), ...inputs, stop];
}

/** An answer in one piece and as the messages that ConverseStream sends of it. */
export function answer(content: readonly Block[], stopReason: string): CaseFixture {
  return {
    whole: { output: { message: { role: "assistant", content } }, stopReason, usage, metrics },
    stream: [
      event("messageStart", { role: "assistant" }),
      ...content.flatMap(blockEvents),
      event("messageStop", { stopReason }),
      event("metadata", { usage, metrics }),
    ],
  };
}

const say = (text: string, stopReason = "end_turn"): CaseFixture => answer([{ text }], stopReason);
const use = (toolUseId: string, city: string): Block => ({
  toolUse: { toolUseId, name: "get_weather", input: { city } },
});

export function failure(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    chunks: [JSON.stringify({ message })],
  };
}

export const identity = { id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

export const bedrockFixture: ProviderFixture = {
  kind: "bedrock",
  model: "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
  provider: { settings: { region: "eu-central-1" } },
  secret: `${identity.id}:${identity.secret}`,
  seenSecret: identity.id,
  streamType: "application/vnd.amazon.eventstream",
  cases: {
    text: {
      ...say(fixtureText),
      sent: ({ url, headers, body }) => {
        expect(url).toBe(
          "https://bedrock-runtime.eu-central-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
        );
        expect(headers.get("authorization")).toMatch(
          /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$/,
        );
        expect(body).toEqual({
          system: [{ text: "Be kind." }],
          messages: [{ role: "user", content: [{ text: "Greet the world." }] }],
          inferenceConfig: { maxTokens: 64, temperature: 0.5 },
        });
      },
    },
    tools: {
      ...answer([use("tooluse_a", "Paris")], "tool_use"),
      sent: ({ body }) => {
        expect(body["toolConfig"]).toEqual({
          tools: [
            {
              toolSpec: {
                name: "get_weather",
                description: "The weather of a city.",
                inputSchema: {
                  json: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
                },
              },
            },
          ],
          toolChoice: { any: {} },
        });
      },
    },
    "parallel-tools": answer([{ text: "I look." }, use("tooluse_a", "Paris"), use("tooluse_b", "Oslo")], "tool_use"),
    "tool-results": {
      ...say("Paris is warmer."),
      sent: ({ body }) => {
        const result = (toolUseId: string, text: string): Block => ({ toolResult: { toolUseId, content: [{ text }] } });
        expect(body["messages"]).toEqual([
          { role: "user", content: [{ text: "Weather in Paris and Oslo?" }] },
          { role: "assistant", content: [use("call_1", "Paris"), use("call_2", "Oslo")] },
          { role: "user", content: [result("call_1", "18 degrees"), result("call_2", "4 degrees")] },
        ]);
      },
    },
    images: {
      ...say("A red pixel."),
      sent: ({ body }) => {
        const image = { format: "png", source: { bytes: fixtureImage } };
        expect(body["messages"]).toEqual([{ role: "user", content: [{ text: "What is it?" }, { image }] }]);
      },
    },
    "json-schema": {
      ...say('{"name":"Ada","age":36}'),
      sent: ({ body }) => {
        const { textFormat } = body["outputConfig"] as {
          textFormat: { structure: { jsonSchema: { schema: string } } };
        };
        expect(textFormat).toMatchObject({ type: "json_schema", structure: { jsonSchema: { name: "person" } } });
        expect(JSON.parse(textFormat.structure.jsonSchema.schema)).toMatchObject({ required: ["name", "age"] });
      },
    },
    stop: {
      ...say("one two ", "stop_sequence"),
      sent: ({ body }) => expect(body["inferenceConfig"]).toEqual({ stopSequences: ["three"] }),
    },
    "max-tokens": {
      ...say("one two", "max_tokens"),
      sent: ({ body }) => expect(body["inferenceConfig"]).toEqual({ maxTokens: 2 }),
    },
  },
  faults: {
    "rate-limit": { answer: failure(429, "Too many requests of SECRET, please wait before trying again.") },
    overloaded: {
      answer: failure(503, "Bedrock is unable to process your request.", { "retry-after": "3" }),
      retryAfterSeconds: 3,
    },
    context: { answer: failure(400, "Input is too long for requested model.") },
    auth: { answer: failure(403, "The security token SECRET included in the request is invalid.") },
  },
  streamError: {
    after: 2,
    event: exception("throttlingException", "Too many requests"),
    code: "upstream-overloaded",
  },
  unknownEvent: event("aLaterEvent", { thing: true }),
  // The last message holds the usage.
  dispensableEvents: 1,
  refuses: {
    logit_bias: { "1": 1 },
    seed: 7,
    n: 2,
    presence_penalty: 0.5,
    logprobs: true,
    x_extra: true,
    safety_identifier: "u",
  },
};
