import { expect } from "vitest";
import {
  type CaseFixture,
  fixtureImage,
  fixtureText,
  halves,
  type ProviderFixture,
  sseEvent,
} from "../provider-fixture.ts";

type Part = Record<string, unknown>;

const MODEL = "gemini-2.5-flash";
const more = { modelVersion: MODEL, responseId: "mAitaLmkHPPlz7IPvtfUqQ4" };
const prompt = { promptTokenCount: 21, promptTokensDetails: [{ modality: "TEXT", tokenCount: 21 }] };
const usageMetadata = { ...prompt, candidatesTokenCount: 7, totalTokenCount: 30, thoughtsTokenCount: 2 };

function candidate(parts: readonly Part[], finishReason?: string): object {
  return {
    content: { parts, role: "model" },
    ...(finishReason === undefined ? {} : { finishReason }),
    index: 0,
  };
}

const isText = (part: Part | undefined): part is { text: string } => typeof part?.["text"] === "string";

/** An answer in one piece and as the chunks that the API sends of it. */
export function answer(parts: readonly Part[], finishReason: string): CaseFixture {
  const pieces = parts.flatMap((part) => (isText(part) ? halves(part.text).map((text) => ({ text })) : [part]));
  const stream = pieces.map((part, index) => {
    const last = index === pieces.length - 1;
    const chunk = { candidates: [candidate([part], last ? finishReason : undefined)], ...more };
    return sseEvent({ ...chunk, usageMetadata: last ? usageMetadata : { ...prompt, totalTokenCount: 21 } }).replaceAll(
      "\n",
      "\r\n",
    );
  });
  return { whole: { candidates: [candidate(parts, finishReason)], usageMetadata, ...more }, stream };
}

const say = (text: string, reason = "STOP"): CaseFixture => answer([{ text }], reason);
const use = (city: string): Part => ({ functionCall: { name: "get_weather", args: { city } } });

export function failure(code: number, status: string, told: { message: string; details?: readonly object[] }) {
  return {
    status: code,
    headers: { "content-type": "application/json; charset=UTF-8" },
    chunks: [JSON.stringify({ error: { code, status, ...told } })],
  };
}

const weather = {
  functionDeclarations: [
    {
      name: "get_weather",
      description: "The weather of a city.",
      parametersJsonSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  ],
};

export const geminiCases: ProviderFixture["cases"] = {
  text: {
    ...say(fixtureText),
    sent: ({ body }) => {
      expect(body).toEqual({
        systemInstruction: { parts: [{ text: "Be kind." }] },
        contents: [{ role: "user", parts: [{ text: "Greet the world." }] }],
        generationConfig: { temperature: 0.5, maxOutputTokens: 64 },
      });
    },
  },
  tools: {
    ...answer([use("Paris")], "STOP"),
    sent: ({ body }) => {
      expect(body["tools"]).toEqual([weather]);
      expect(body["toolConfig"]).toEqual({ functionCallingConfig: { mode: "ANY" } });
    },
  },
  "parallel-tools": answer([use("Paris"), use("Oslo")], "STOP"),
  "tool-results": {
    ...say("Paris is warmer."),
    sent: ({ body }) => {
      expect(body["contents"]).toEqual([
        { role: "user", parts: [{ text: "Weather in Paris and Oslo?" }] },
        { role: "model", parts: [use("Paris"), use("Oslo")] },
        {
          role: "user",
          parts: [
            { functionResponse: { name: "get_weather", response: { output: "18 degrees" } } },
            { functionResponse: { name: "get_weather", response: { output: "4 degrees" } } },
          ],
        },
      ]);
    },
  },
  images: {
    ...say("A red pixel."),
    sent: ({ body }) => {
      const inline = { inlineData: { mimeType: "image/png", data: fixtureImage } };
      expect(body["contents"]).toEqual([{ role: "user", parts: [{ text: "What is it?" }, inline] }]);
    },
  },
  "json-schema": {
    ...say('{"name":"Ada","age":36}'),
    sent: ({ body }) =>
      expect(body["generationConfig"]).toMatchObject({
        responseMimeType: "application/json",
        responseJsonSchema: { required: ["name", "age"] },
      }),
  },
  stop: {
    ...say("one two "),
    sent: ({ body }) => expect(body["generationConfig"]).toEqual({ stopSequences: ["three"] }),
  },
  "max-tokens": {
    ...say("one two", "MAX_TOKENS"),
    sent: ({ body }) => expect(body["generationConfig"]).toEqual({ maxOutputTokens: 2 }),
  },
};

export const geminiFaults: ProviderFixture["faults"] = {
  "rate-limit": {
    answer: failure(429, "RESOURCE_EXHAUSTED", {
      message: "You exceeded your current quota, please check your plan and billing details. SECRET",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.QuotaFailure",
          violations: [{ quotaId: "GenerateContentInputTokensPerModelPerMinute" }],
        },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "6.3s" },
      ],
    }),
    retryAfterSeconds: 7,
  },
  overloaded: { answer: failure(503, "UNAVAILABLE", { message: "The model is overloaded. Please try again later." }) },
  context: {
    answer: failure(400, "INVALID_ARGUMENT", {
      message: "The input token count (1048777) exceeds the maximum number of tokens allowed (1048576).",
    }),
  },
  auth: {
    answer: failure(400, "INVALID_ARGUMENT", {
      message: "API key not valid. Please pass a valid API key.",
      details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
    }),
  },
};

/** What holds of Google's models wherever they are served. */
export const geminiShape = {
  model: MODEL,
  streamType: "text/event-stream",
  cases: geminiCases,
  faults: geminiFaults,
  streamError: {
    after: 1,
    event: sseEvent({ error: { code: 503, message: "The service is unavailable.", status: "UNAVAILABLE" } }),
    code: "upstream-overloaded",
  },
  unknownEvent: sseEvent({ aLaterMember: { thing: true } }),
  refuses: { logit_bias: { "1": 1 }, x_extra: true, store: true, verbosity: "low", reasoning_effort: "extreme" },
} as const;

export const geminiFixture: ProviderFixture = { ...geminiShape, kind: "gemini", secret: "AIzaSy0123456789abcdef" };
