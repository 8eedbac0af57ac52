import type { ConformanceCase } from "./provider-fixture.ts";
import { fixtureImage } from "./provider-fixture.ts";

const weatherTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

const personSchema = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
};

const call = (id: string, city: string): object => ({
  id,
  type: "function",
  function: { name: "get_weather", arguments: JSON.stringify({ city }) },
});

/** The request of each case, in OpenAI's form. */
export const conformanceRequests: Readonly<Record<ConformanceCase, Readonly<Record<string, unknown>>>> = {
  text: {
    messages: [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Greet the world." },
    ],
    temperature: 0.5,
    max_tokens: 64,
  },
  tools: { messages: [{ role: "user", content: "Weather in Paris?" }], tools: [weatherTool], tool_choice: "required" },
  "parallel-tools": {
    messages: [{ role: "user", content: "Weather in Paris and Oslo?" }],
    tools: [weatherTool],
    tool_choice: "auto",
  },
  "tool-results": {
    messages: [
      { role: "user", content: "Weather in Paris and Oslo?" },
      { role: "assistant", content: null, tool_calls: [call("call_1", "Paris"), call("call_2", "Oslo")] },
      { role: "tool", tool_call_id: "call_1", content: "18 degrees" },
      { role: "tool", tool_call_id: "call_2", content: "4 degrees" },
    ],
    tools: [weatherTool],
  },
  images: {
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is it?" },
          { type: "image_url", image_url: { url: `data:image/png;base64,${fixtureImage}` } },
        ],
      },
    ],
  },
  "json-schema": {
    messages: [{ role: "user", content: "Who was the first programmer?" }],
    response_format: { type: "json_schema", json_schema: { name: "person", schema: personSchema, strict: true } },
  },
  stop: { messages: [{ role: "user", content: "Count." }], stop: ["three"] },
  "max-tokens": { messages: [{ role: "user", content: "Count." }], max_tokens: 2 },
};

/** What the caller must get, whoever answers. */
export const conformanceAnswers: Readonly<
  Record<
    ConformanceCase,
    { readonly content?: string; readonly json?: unknown; readonly calls?: readonly string[]; readonly finish: string }
  >
> = {
  text: { content: "Grüße, 世界! 🌍", finish: "stop" },
  tools: { calls: ["Paris"], finish: "tool_calls" },
  "parallel-tools": { calls: ["Paris", "Oslo"], finish: "tool_calls" },
  "tool-results": { content: "Paris is warmer.", finish: "stop" },
  images: { content: "A red pixel.", finish: "stop" },
  "json-schema": { json: { name: "Ada", age: 36 }, finish: "stop" },
  stop: { content: "one two ", finish: "stop" },
  "max-tokens": { content: "one two", finish: "length" },
};
