import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate, json } from "../fakes/upstream.ts";
import { chunk, completion, cut, type DialectFixture, parallelDeltas, startDialects, stream } from "./fixture.ts";

let at: DialectFixture;
let client: Anthropic;
beforeAll(async () => {
  at = await startDialects();
  client = new Anthropic({ apiKey: at.tenant.key, baseURL: at.gateway.url, maxRetries: 0 });
});
afterAll(() => at?.close());

const hi: Anthropic.MessageParam[] = [{ role: "user", content: "hi" }];
const ask = { model: "small", max_tokens: 64, messages: hi };
const weatherTool: Anthropic.Tool = {
  name: "weather",
  description: "The weather of a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};
const sent = (): Record<string, unknown> => at.upstream.requests.at(-1)?.json ?? {};
const traceOf = (id: string | null | undefined) => at.traceOf(id);

describe("the list of models", () => {
  it("comes in Anthropic's form, by pages, and one by one", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list({ limit: 1 })) {
      expect(model).toMatchObject({ type: "model", display_name: model.id });
      expect(Date.parse(model.created_at)).toBeGreaterThan(0);
      ids.push(model.id);
    }
    expect(ids).toContain("small");
    expect(new Set(ids).size).toBe(ids.length);
    const all = await client.models.list();
    expect(all.data.map(({ id }) => id)).toEqual(ids);
    expect(await client.models.retrieve("small")).toMatchObject({ type: "model", id: "small" });
    await expect(client.models.retrieve("none")).rejects.toBeInstanceOf(Anthropic.NotFoundError);
  });

  it("goes backward as well, and refuses a page of a size that there is none of", async () => {
    const { data } = await client.models.list();
    const last = data.at(-1)?.id ?? "";
    const before = await client.models.list({ before_id: last, limit: 100 });
    expect(before.data.map(({ id }) => id)).toEqual(data.slice(0, -1).map(({ id }) => id));
    await expect(client.models.list({ limit: 0 })).rejects.toBeInstanceOf(Anthropic.BadRequestError);
  });
});

describe("a whole message", () => {
  it("has the model's words, the name of who answered, and its counts in Anthropic's form", async () => {
    at.upstream.answer(
      completion({ content: "Hello" }, "stop", {
        usage: {
          prompt_tokens: 12,
          completion_tokens: 4,
          total_tokens: 16,
          prompt_tokens_details: { cached_tokens: 5 },
        },
      }),
    );
    const message = await client.messages.create({ ...ask, system: "be brief", stop_sequences: ["END"] });
    expect(message).toMatchObject({
      type: "message",
      role: "assistant",
      model: "small-2026",
      content: [{ type: "text", text: "Hello" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 7, output_tokens: 4, cache_read_input_tokens: 5 },
    });
    expect(message._request_id).toMatch(/^trc_/);
    expect(message.id).toBe(`msg_${message._request_id?.slice(4)}`);
    expect(sent()).toMatchObject({
      model: "small-upstream",
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: "hi" },
      ],
      max_tokens: 64,
      stop: ["END"],
    });
  });

  it("leaves a trace with its dialect, its user and what the model got", async () => {
    at.upstream.answer(completion({ content: "Hello" }));
    const message = await client.messages.create({ ...ask, metadata: { user_id: "u-1" } });
    const record = await traceOf(message._request_id);
    expect(record).toMatchObject({
      surface: "messages",
      status: "ok",
      user: "u-1",
      requested: "small",
      model: "small-2026",
    });
    const { traces } = await at.gateway.state();
    expect(traces.find((trace) => trace.record.id === record.id)?.bodies).toMatchObject({
      request: { max_tokens: 64, metadata: { user_id: "u-1" } },
      rendered: { user: "u-1", messages: ask.messages },
      response: { object: "chat.completion" },
    });
  });

  it("estimates what the provider did not count, and its trace says so", async () => {
    at.upstream.answer(completion({ content: "Hello there, how are you?" }, "stop", {}));
    const message = await client.messages.create(ask);
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(message.usage.output_tokens).toBeGreaterThan(1);
    const record = await traceOf(message._request_id);
    expect(record.usage).toMatchObject({
      source: "estimated",
      input_tokens: message.usage.input_tokens,
      output_tokens: message.usage.output_tokens,
    });
  });

  it.each([
    ["length", "max_tokens"],
    ["content_filter", "refusal"],
    ["stop", "end_turn"],
  ])("that ends with %s stops for %s", async (finish, reason) => {
    at.upstream.answer(completion({ content: "Hel" }, finish));
    expect((await client.messages.create(ask)).stop_reason).toBe(reason);
  });

  it("follows a schema through output_config", async () => {
    at.upstream.answer(completion({ content: '{"city":"Bonn"}' }));
    const schema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    };
    await client.messages.create({ ...ask, output_config: { format: { type: "json_schema", schema } } });
    expect(sent()["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name: "answer", schema, strict: true },
    });
  });
});

describe("a named prompt", () => {
  it("answers Anthropic's clients with the caller's variables, in both ways of travelling", async () => {
    const call = { ...ask, model: "prompt:reply", prompt: { variables: { name: "Ada" } } };
    at.upstream.answer(completion({ content: "Hello" }));
    const message = await client.messages.create(call);
    expect(message.content).toMatchObject([{ text: "Hello" }]);
    expect(sent()["messages"]).toEqual([
      { role: "system", content: "You help Ada." },
      { role: "user", content: "hi" },
    ]);
    expect(await traceOf(message._request_id)).toMatchObject({
      surface: "messages",
      prompt: { name: "reply", version: 3 },
    });
    at.upstream.answer(stream([{ content: "Hello" }]));
    expect((await client.messages.stream(call).finalMessage()).content).toMatchObject([{ text: "Hello" }]);
    const missing = client.messages.create({ ...ask, model: "prompt:reply" });
    await expect(missing).rejects.toBeInstanceOf(Anthropic.UnprocessableEntityError);
  });
});

describe("tools", () => {
  const calls = [
    { id: "call_a", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
    { id: "call_b", type: "function", function: { name: "weather", arguments: "" } },
  ];

  it("are offered, chosen and called, several at once", async () => {
    at.upstream.answer(completion({ content: null, tool_calls: calls }, "tool_calls"));
    const message = await client.messages.create({
      ...ask,
      tools: [weatherTool],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
    });
    expect(sent()).toMatchObject({
      tools: [{ type: "function", function: { name: "weather", parameters: weatherTool.input_schema } }],
      tool_choice: "required",
      parallel_tool_calls: false,
    });
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "tool_use", id: "call_a", name: "weather", input: { city: "Bonn" } },
        { type: "tool_use", id: "call_b", name: "weather", input: {} },
      ],
    });
  });

  it("give their results back, with errors and images, before what the user says", async () => {
    at.upstream.answer(completion({ content: "Sunny" }));
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } } as const;
    await client.messages.create({
      ...ask,
      tools: [weatherTool],
      messages: [
        ...hi,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm", signature: "" },
            { type: "text", text: "I look" },
            { type: "tool_use", id: "call_a", name: "weather", input: { city: "Bonn" } },
            { type: "tool_use", id: "call_b", name: "weather", input: { city: "Köln" } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "call_a", content: [{ type: "text", text: "sun" }, image] },
            { type: "tool_result", tool_use_id: "call_b", content: "no such city", is_error: true },
            { type: "text", text: "and?" },
          ],
        },
      ],
    });
    expect(sent()["messages"]).toEqual([
      { role: "user", content: "hi" },
      {
        role: "assistant",
        content: "I look",
        tool_calls: [
          { id: "call_a", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
          { id: "call_b", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } },
        ],
      },
      { role: "tool", tool_call_id: "call_a", content: "sun" },
      { role: "tool", tool_call_id: "call_b", content: "Error: no such city" },
      {
        role: "user",
        content: [
          { type: "text", text: "Attached to the result of call_a:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          { type: "text", text: "and?" },
        ],
      },
    ]);
  });

  it("with names longer than OpenAI allows come back under their own", async () => {
    const name = `mcp__${"server_".repeat(10)}__search`;
    at.upstream.answer((request) => {
      const tools = request.json["tools"] as { function: { name: string } }[];
      const short = tools[0]?.function.name ?? "";
      expect(short.length).toBeLessThanOrEqual(64);
      return completion(
        { content: null, tool_calls: [{ id: "c", type: "function", function: { name: short, arguments: "{}" } }] },
        "tool_calls",
      );
    });
    const message = await client.messages.create({ ...ask, tools: [{ ...weatherTool, name }] });
    expect(message.content[0]).toMatchObject({ type: "tool_use", name });
  });
});

describe("a streamed message", () => {
  it("comes in Anthropic's order and assembles to the message, with the provider's counts at its end", async () => {
    at.upstream.answer(stream([{ role: "assistant", content: "" }, { content: "Hel" }, { content: "lo" }]));
    const events: string[] = [];
    const streamed = client.messages.stream(ask).on("streamEvent", (event) => events.push(event.type));
    const message = await streamed.finalMessage();
    expect(events).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(message).toMatchObject({
      content: [{ type: "text", text: "Hello" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 12, output_tokens: 4 },
    });
  });

  it("never begins with counts of nothing", async () => {
    at.upstream.answer(stream([{ content: "Hello" }]));
    for await (const event of await client.messages.create({ ...ask, stream: true })) {
      if (event.type !== "message_start") continue;
      expect(event.message.usage.input_tokens).toBeGreaterThan(0);
      expect(event.message.usage.output_tokens).toBeGreaterThan(0);
    }
  });

  it("carries parallel calls block by block", async () => {
    at.upstream.answer(stream([{ content: "I look. " }, ...parallelDeltas], "tool_calls"));
    const message = await client.messages.stream({ ...ask, tools: [weatherTool] }).finalMessage();
    expect(message).toMatchObject({
      stop_reason: "tool_use",
      content: [
        { type: "text", text: "I look. " },
        { type: "tool_use", id: "call_a", input: { city: "Bonn" } },
        { type: "tool_use", id: "call_b", input: { city: "Köln" } },
      ],
    });
  });

  it("shows thoughts to those who asked for them, and to no one else", async () => {
    const thinking = [{ reasoning_content: "Hm" }, { content: "Hello" }];
    at.upstream.answer(stream(thinking));
    const shown = await client.messages
      .stream({ ...ask, max_tokens: 4000, thinking: { type: "enabled", budget_tokens: 2000 } })
      .finalMessage();
    expect(shown.content).toMatchObject([
      { type: "thinking", thinking: "Hm" },
      { type: "text", text: "Hello" },
    ]);
    at.upstream.answer(stream(thinking));
    const hidden = await client.messages.stream(ask).finalMessage();
    expect(hidden.content).toMatchObject([{ type: "text", text: "Hello" }]);
  });

  it("that breaks ends with an error and never with message_stop", async () => {
    at.upstream.answer(cut);
    const response = await at.gateway.post("/v1/messages", at.tenant, { ...ask, model: "brittle", stream: true });
    const told = await response.text();
    expect(told).toContain('"text":"Hel"');
    expect(told).toContain('event: error\ndata: {"type":"error","error":{"type":"api_error"');
    expect(told).not.toContain("message_stop");
    expect(told).not.toContain('stop_reason":"end_turn');
    at.upstream.answer(cut);
    await expect(client.messages.stream({ ...ask, model: "brittle" }).finalMessage()).rejects.toThrow();
    at.upstream.answer(completion({ content: "Hello" }));
    expect((await client.messages.create(ask)).content).toMatchObject([{ text: "Hello" }]);
  });

  it("whose tool arguments are not JSON is no message", async () => {
    const broken = [
      { tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "weather", arguments: '{"ci' } }] },
    ];
    at.upstream.answer(stream(broken, "tool_calls"));
    const response = await at.gateway.post("/v1/messages", at.tenant, {
      ...ask,
      model: "brittle",
      tools: [weatherTool],
      stream: true,
    });
    expect(await response.text()).not.toContain("message_stop");
  });

  it("is cancelled upstream when its caller leaves", async () => {
    const more = gate();
    at.upstream.answer({
      headers: { "content-type": "text/event-stream" },
      steps: [{ write: `data: ${JSON.stringify(chunk({ content: "Hel" }))}\n\n` }, { until: more.opened }],
    });
    const streamed = client.messages.stream(ask);
    const { response } = await streamed.withResponse();
    await new Promise((resolve) => streamed.once("text", resolve));
    const seen = at.upstream.requests.at(-1);
    streamed.abort();
    await expect(streamed.finalMessage()).rejects.toThrow();
    await seen?.aborted;
    more.open();
    expect(await traceOf(response.headers.get("request-id"))).toMatchObject({ status: "cancelled" });
  });
});

describe("errors", () => {
  it("have Anthropic's envelope and class", async () => {
    const wrongKey = new Anthropic({ apiKey: "mlr_wrong", baseURL: at.gateway.url, maxRetries: 0 });
    await expect(wrongKey.messages.create(ask)).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
    await expect(client.messages.create({ ...ask, model: "nobody" })).rejects.toBeInstanceOf(Anthropic.NotFoundError);
    at.upstream.answer(json({ error: { message: "slow down" } }, 429, { "retry-after": "7" }));
    const error = (await client.messages
      .create({ ...ask, model: "brittle" })
      .catch((thrown: unknown) => thrown)) as InstanceType<typeof Anthropic.RateLimitError>;
    expect(error).toBeInstanceOf(Anthropic.RateLimitError);
    expect(error.error).toMatchObject({
      type: "error",
      error: { type: "rate_limit_error" },
      request_id: expect.stringMatching(/^trc_/),
    });
  });

  const bad: readonly (readonly [string, object, string])[] = [
    ["no max_tokens", { max_tokens: undefined }, "max_tokens"],
    ["no messages", { messages: undefined }, "messages"],
    [
      "a block without its fields",
      { messages: [{ role: "user", content: [{ type: "text" }] }] },
      "messages[0].content[0]",
    ],
    ["an unknown role", { messages: [{ role: "robot", content: "hi" }] }, "messages[0].role"],
    [
      "a tool that Anthropic runs",
      { tools: [{ type: "web_search_20250305", name: "web_search" }] },
      "tools[0].type (web_search_20250305)",
    ],
    ["a field that no one here knows", { container: "c1" }, "container"],
    [
      "a file of Anthropic's",
      { messages: [{ role: "user", content: [{ type: "document", source: { type: "file", file_id: "f" } }] }] },
      "messages[0].content[0].source.type (file)",
    ],
  ];
  it.each(bad)("name what is wrong with %s", async (_name, change, param) => {
    const response = await at.gateway.post("/v1/messages", at.tenant, { ...ask, ...change });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", param: expect.stringContaining(param) },
    });
  });

  it.each([
    ["/v1/messages", "{", 400, "invalid_request_error"],
    ["/v1/messages", "[]", 400, "invalid_request_error"],
    ["/v1/messages", `"${"x".repeat(9 * 1024 * 1024)}"`, 413, "request_too_large"],
    ["/v1/messages/batches", "{}", 404, "not_found_error"],
  ])("have the same form at %s for a body like %.5s", async (path, body, ...expected) => {
    const response = await at.gateway.post(path, at.tenant, body);
    const told = (await response.json()) as { type: string; error: { type: string } };
    expect([told.type, response.status, told.error.type]).toEqual(["error", ...expected]);
  });

  it("refuse a model that serves no chat", async () => {
    await expect(client.messages.create({ ...ask, model: "vectors" })).rejects.toMatchObject({ status: 400 });
  });
});

describe("a key in x-api-key", () => {
  it("is never passed on, neither upstream nor to the control API", async () => {
    at.upstream.answer(completion({ content: "Hello" }));
    await client.messages.create(ask);
    const seen = at.upstream.requests.at(-1);
    expect(JSON.stringify(seen?.headers)).not.toContain(at.tenant.key);
    const response = await fetch(`${at.gateway.url}/api/v1/keys`, { headers: { "x-api-key": at.tenant.key } });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain(at.tenant.key);
  });
});

describe("count_tokens", () => {
  it("says that it estimates where the provider offers no count", async () => {
    const { data, response } = await client.messages
      .countTokens({ model: "small", messages: hi, tools: [weatherTool] })
      .withResponse();
    expect(data.input_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-millrace-token-count")).toBe("estimated");
  });

  it("is the tokenizer's where the model's is published", async () => {
    const { data, response } = await client.messages.countTokens({ model: "gpt", messages: hi }).withResponse();
    expect(response.headers.get("x-millrace-token-count")).toBe("tokenizer");
    expect(data.input_tokens).toBeGreaterThan(6);
  });

  it("is an estimate when the provider that could count is away, and an error when the request is wrong", async () => {
    at.upstream.answer(json({ type: "error", error: { type: "overloaded_error", message: "full" } }, 529));
    const { response } = await client.messages.countTokens({ model: "claude", messages: hi }).withResponse();
    expect(response.headers.get("x-millrace-token-count")).toBe("estimated");
    at.upstream.answer(json({ type: "error", error: { type: "invalid_request_error", message: "no" } }, 400));
    await expect(client.messages.countTokens({ model: "claude", messages: hi })).rejects.toBeInstanceOf(
      Anthropic.BadRequestError,
    );
  });

  it("is Anthropic's own for a model of Anthropic's", async () => {
    at.upstream.answer((request) => {
      expect(request.path).toBe("/anthropic/v1/messages/count_tokens");
      expect(request.json).toMatchObject({ model: "claude-upstream", messages: hi });
      return json({ input_tokens: 4711 });
    });
    const { data, response } = await client.messages.countTokens({ model: "claude", messages: hi }).withResponse();
    expect(data.input_tokens).toBe(4711);
    expect(response.headers.get("x-millrace-token-count")).toBe("provider");
  });

  it("is not asked for with a key that the provider does not take any more", async () => {
    at.upstream.answer(json({ type: "error", error: { type: "authentication_error", message: "no" } }, 401));
    const before = at.upstream.requests.length;
    for (let asked = 0; asked < 3; asked++) {
      const { response } = await client.messages.countTokens({ model: "claude", messages: hi }).withResponse();
      expect(response.headers.get("x-millrace-token-count")).toBe("estimated");
    }
    expect(at.upstream.requests).toHaveLength(before + 1);
  });
});
