import { sha256Hex } from "@millrace/core/content";
import { formatApiKey } from "@millrace/core/contract";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate } from "../fakes/upstream.ts";
import { newTenant, type Tenant } from "../support/gateway.ts";
import { completion, cut, type DialectFixture, parallelDeltas, startDialects, stream, chunk } from "./fixture.ts";

let at: DialectFixture;
let client: OpenAI;
const clientOf = (tenant: Pick<Tenant, "key">): OpenAI =>
  new OpenAI({ apiKey: tenant.key, baseURL: `${at.gateway.url}/v1`, maxRetries: 0 });
beforeAll(async () => {
  at = await startDialects();
  client = clientOf(at.tenant);
});
afterAll(() => at?.close());

const sent = (): Record<string, unknown> => at.upstream.requests.at(-1)?.json ?? {};
const weatherTool: OpenAI.Responses.FunctionTool = {
  type: "function",
  name: "weather",
  description: "The weather of a city",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
};
const ask = { model: "small", input: "hi" } as const;

describe("a whole response", () => {
  it("has the model's words, the name of who answered, and its counts", async () => {
    at.upstream.answer(completion({ content: "Hello" }));
    const response = await client.responses.create({
      ...ask,
      instructions: "be brief",
      max_output_tokens: 64,
      metadata: { team: "a" },
    });
    expect(response.output_text).toBe("Hello");
    expect(response).toMatchObject({
      object: "response",
      status: "completed",
      model: "small-2026",
      metadata: { team: "a" },
      usage: { input_tokens: 12, output_tokens: 4, total_tokens: 16 },
    });
    expect(sent()).toMatchObject({
      model: "small-upstream",
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: "hi" },
      ],
      max_tokens: 64,
    });
    expect(await at.traceOf(`trc_${response.id.slice(5)}`)).toMatchObject({
      surface: "responses",
      status: "ok",
      metadata: { team: "a" },
    });
  });

  it("that was cut says by what", async () => {
    at.upstream.answer(completion({ content: "Hel" }, "length"));
    expect(await client.responses.create(ask)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      output: [{ type: "message", status: "incomplete" }],
    });
  });

  it("follows a schema", async () => {
    at.upstream.answer(completion({ content: '{"city":"Bonn"}' }));
    const schema = {
      type: "object",
      properties: { city: { type: "string" } },
      required: ["city"],
      additionalProperties: false,
    };
    const response = await client.responses.parse({
      ...ask,
      text: { format: { type: "json_schema", name: "place", schema, strict: true } },
    });
    expect(response.output_parsed).toEqual({ city: "Bonn" });
    expect(sent()["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name: "place", schema, strict: true },
    });
  });

  it("calls tools, gets their results with images, and goes on", async () => {
    const calls = [
      { id: "call_a", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } },
      { id: "call_b", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } },
    ];
    at.upstream.answer(completion({ content: null, tool_calls: calls }, "tool_calls"));
    const first = await client.responses.create({
      ...ask,
      tools: [weatherTool],
      tool_choice: "required",
      parallel_tool_calls: true,
    });
    expect(sent()).toMatchObject({
      tool_choice: "required",
      parallel_tool_calls: true,
      tools: [{ type: "function", function: { name: "weather", strict: true } }],
    });
    expect(first.output).toMatchObject([
      { type: "function_call", call_id: "call_a", name: "weather", arguments: '{"city":"Bonn"}', status: "completed" },
      { type: "function_call", call_id: "call_b" },
    ]);
    at.upstream.answer(completion({ content: "Sunny" }));
    await client.responses.create({
      model: "small",
      previous_response_id: first.id,
      input: [
        {
          type: "function_call_output",
          call_id: "call_a",
          output: [
            { type: "input_text", text: "sun" },
            { type: "input_image", detail: "auto", image_url: "data:image/png;base64,AAAA" },
          ],
        },
        { type: "function_call_output", call_id: "call_b", output: "rain" },
      ],
    });
    expect(sent()["messages"]).toEqual([
      { role: "user", content: "hi" },
      { role: "assistant", content: null, tool_calls: calls },
      { role: "tool", tool_call_id: "call_a", content: "sun" },
      { role: "tool", tool_call_id: "call_b", content: "rain" },
      {
        role: "user",
        content: [
          { type: "text", text: "Attached to the result of call_a:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "auto" } },
        ],
      },
    ]);
  });
});

describe("a named prompt", () => {
  it.each([
    ["by its model name", { model: "prompt:reply", prompt: { variables: { name: "Ada" } } }],
    ["by OpenAI's prompt id", { prompt: { id: "reply", version: "3", variables: { name: "Ada" } } }],
  ])("is called %s", async (_way, change) => {
    at.upstream.answer(completion({ content: "Hello" }));
    const response = await at.gateway.post("/v1/responses", at.tenant, { input: "hi", ...change });
    expect(await response.json()).toMatchObject({ status: "completed", output: [{ content: [{ text: "Hello" }] }] });
    expect(sent()["messages"]).toEqual([
      { role: "system", content: "You help Ada." },
      { role: "user", content: "hi" },
    ]);
    expect(await at.traceOf(response.headers.get("x-request-id"))).toMatchObject({
      prompt: { name: "reply", version: 3 },
    });
  });

  it("says its own model", async () => {
    const both = { model: "small", prompt: { id: "reply", variables: { name: "Ada" } } };
    expect((await at.gateway.post("/v1/responses", at.tenant, { input: "hi", ...both })).status).toBe(400);
  });
});

describe("a streamed response", () => {
  it("comes as typed events in order and assembles to the response that is kept", async () => {
    at.upstream.answer(stream([{ role: "assistant", content: "" }, { content: "Hel" }, { content: "lo" }]));
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    const streamed = client.responses.stream(ask).on("event", (event) => events.push(event));
    const response = await streamed.finalResponse();
    expect(events.map((event) => event.type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(response.output_text).toBe("Hello");
    expect(response.usage).toMatchObject({ input_tokens: 12, output_tokens: 4 });
    const kept = await client.responses.retrieve(response.id);
    const last = events.at(-1);
    expect(last?.type === "response.completed" ? last.response : undefined).toMatchObject({
      id: kept.id,
      status: kept.status,
      output: kept.output,
      usage: kept.usage,
    });
  });

  it("carries parallel calls and thoughts", async () => {
    at.upstream.answer(stream([{ reasoning_content: "Hm" }, ...parallelDeltas], "tool_calls"));
    const response = await client.responses
      .stream({ ...ask, tools: [weatherTool], reasoning: { summary: "auto" } })
      .finalResponse();
    expect(response.output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "Hm" }] },
      { type: "function_call", call_id: "call_a", arguments: '{"city":"Bonn"}' },
      { type: "function_call", call_id: "call_b", arguments: '{"city":"Köln"}' },
    ]);
  });

  it("that breaks fails, is never completed and never kept", async () => {
    at.upstream.answer(cut);
    const response = await at.gateway.post("/v1/responses", at.tenant, { ...ask, model: "brittle", stream: true });
    const told = await response.text();
    expect(told).toContain("event: response.failed");
    expect(told).not.toContain("response.completed");
    const id = /"id":"(resp_[0-9a-f]+)"/.exec(told)?.[1] ?? "";
    await expect(client.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it("cannot be retrieved before it is over", async () => {
    const more = gate();
    at.upstream.answer({
      headers: { "content-type": "text/event-stream" },
      steps: [
        { write: `data: ${JSON.stringify(chunk({ content: "Hel" }))}\n\n` },
        { until: more.opened },
        { write: `data: ${JSON.stringify(chunk({}, "stop"))}\n\ndata: [DONE]\n\n` },
      ],
    });
    const streamed = client.responses.stream(ask);
    const created = await new Promise<string>((resolve) => {
      streamed.on("response.created", ({ response }) => resolve(response.id));
    });
    await expect(client.responses.retrieve(created)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    more.open();
    await streamed.finalResponse();
    expect((await client.responses.retrieve(created)).id).toBe(created);
  });

  it("leaves nothing behind when its caller leaves", async () => {
    const more = gate();
    at.upstream.answer({
      headers: { "content-type": "text/event-stream" },
      steps: [{ write: `data: ${JSON.stringify(chunk({ content: "Hel" }))}\n\n` }, { until: more.opened }],
    });
    const streamed = await client.responses.create({ ...ask, stream: true });
    let id = "";
    for await (const event of streamed) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type === "response.output_text.delta") break;
    }
    await at.upstream.requests.at(-1)?.aborted;
    more.open();
    expect(await at.traceOf(`trc_${id.slice(5)}`)).toMatchObject({ status: "cancelled" });
    await expect(client.responses.retrieve(id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("what is kept", () => {
  it("is a conversation that goes on from its response, without its instructions", async () => {
    at.upstream.answer(completion({ content: "Hello" }));
    const first = await client.responses.create({ ...ask, instructions: "be brief" });
    at.upstream.answer(completion({ content: "Fine" }));
    const second = await client.responses.create({
      model: "small",
      previous_response_id: first.id,
      input: "how are you?",
    });
    expect(second.previous_response_id).toBe(first.id);
    expect(sent()["messages"]).toEqual([
      { role: "user", content: "hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "how are you?" },
    ]);
    const items = await client.responses.inputItems.list(second.id, { order: "asc" });
    expect(items.data.map((item) => item.type)).toEqual(["message", "message", "message"]);
    const page = await client.responses.inputItems.list(second.id, { limit: 1 });
    expect(page).toMatchObject({ has_more: true, data: [{ content: [{ text: "how are you?" }] }] });
  });

  it("can be named item by item", async () => {
    at.upstream.answer(completion({ content: "Hello" }));
    const first = await client.responses.create(ask);
    const id = first.output[0]?.id ?? "";
    at.upstream.answer(completion({ content: "Fine" }));
    await client.responses.create({
      model: "small",
      input: [
        { type: "item_reference", id },
        { role: "user", content: "and?" },
      ],
    });
    expect(sent()["messages"]).toEqual([
      { role: "assistant", content: "Hello" },
      { role: "user", content: "and?" },
    ]);
  });

  it("is nothing when the caller wants nothing kept, and goes when it is deleted", async () => {
    at.upstream.answer(completion({ content: "Hello" }));
    const fleeting = await client.responses.create({ ...ask, store: false });
    expect(fleeting).toMatchObject({ store: false });
    await expect(client.responses.retrieve(fleeting.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    const kept = await client.responses.create(ask);
    await client.responses.delete(kept.id);
    await expect(client.responses.retrieve(kept.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  it("is out of reach of every other environment, by whatever way", async () => {
    at.upstream.answer(completion({ content: "Hello, my secret" }));
    const kept = await client.responses.create(ask);
    const stranger = newTenant({
      slug: "stranger",
      models: at.tenant.bundle.models,
      providers: at.tenant.bundle.providers,
    });
    // The same project, another environment.
    const sibling: Tenant = {
      ...newTenant({ slug: "acme", models: at.tenant.bundle.models, providers: at.tenant.bundle.providers }),
    };
    const bundle = { ...sibling.bundle, project: at.tenant.bundle.project };
    await at.gateway.publish(stranger);
    await at.gateway.publish({ ...sibling, bundle });
    const itemId = kept.output[0]?.id ?? "";
    for (const attacker of [stranger, sibling].map(clientOf)) {
      const tries = [
        () => attacker.responses.retrieve(kept.id),
        () => attacker.responses.delete(kept.id),
        () => attacker.responses.cancel(kept.id),
        () => attacker.responses.inputItems.list(kept.id),
        () => attacker.responses.create({ ...ask, previous_response_id: kept.id }),
        () => attacker.responses.create({ model: "small", input: [{ type: "item_reference", id: itemId }] }),
        () => attacker.responses.retrieve(`../../${at.tenant.bundle.project.id}/${at.tenant.environmentId}/${kept.id}`),
      ];
      for (const attempt of tries) await expect(attempt()).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    }
    expect((await client.responses.retrieve(kept.id)).output_text).toBe("Hello, my secret");
  });

  it("needs a key that may ask models", async () => {
    const key = formatApiKey(at.tenant.environmentId, "A".repeat(43));
    const { bundle, environmentId } = at.tenant;
    const keys = { ...bundle.keys, [sha256Hex(key)]: { id: "key_2", permissions: ["traces:read" as const] } };
    await at.gateway.publish({ environmentId, bundle: { ...bundle, keys } });
    const response = await fetch(`${at.gateway.url}/v1/responses/resp_${"0".repeat(32)}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect([401, 403]).toContain(response.status);
  });
});

describe("what is refused", () => {
  const refused: readonly (readonly [string, object])[] = [
    ["background", { background: true }],
    ["conversation", { conversation: "conv_1" }],
    ["tools[0].type", { tools: [{ type: "web_search" }] }],
    ["tools[1].type", { tools: [weatherTool, { type: "code_interpreter", container: { type: "auto" } }] }],
    ["tool_choice.type", { tools: [weatherTool], tool_choice: { type: "file_search" } }],
    ["include[0]", { include: ["web_search_call.results"] }],
    ["input[0].type", { input: [{ type: "computer_call", id: "c" }] }],
    ["input[0].content[0].file_id", { input: [{ role: "user", content: [{ type: "input_image", file_id: "f" }] }] }],
    ["input", { input: undefined }],
    ["input[0].role", { input: [{ type: "message", role: "robot", content: "hi" }] }],
    ["max_output_tokens", { max_output_tokens: 0 }],
    ["context_management", { context_management: [{ type: "compaction" }] }],
    ["text.format", { text: { format: { type: "json_schema" } } }],
    ["model", { model: undefined }],
  ];
  it.each(refused)("is %s, by its name", async (param, change) => {
    const response = await at.gateway.post("/v1/responses", at.tenant, { ...ask, ...change });
    const body = (await response.json()) as { error: { param: string } };
    expect([response.status, body.error.param]).toEqual([400, expect.stringContaining(param)]);
  });

  it("is a previous response that is not there, and to cancel what does not run", async () => {
    await expect(
      client.responses.create({ ...ask, previous_response_id: `resp_${"0".repeat(32)}` }),
    ).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    at.upstream.answer(completion({ content: "Hello" }));
    const kept = await client.responses.create(ask);
    await expect(client.responses.cancel(kept.id)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it("is nothing that fits after truncation: the oldest turns go, the instructions and the question stay", async () => {
    at.upstream.answer(completion({ content: "Hello" }));
    const long = { role: "user", content: "x".repeat(20_000) } as const;
    await client.responses.create({
      model: "small",
      truncation: "auto",
      input: [{ role: "developer", content: "be brief" }, long, { role: "user", content: "and?" }],
    });
    expect(sent()["messages"]).toEqual([
      { role: "developer", content: "be brief" },
      { role: "user", content: "and?" },
    ]);
    const response = await at.gateway.post("/v1/responses", at.tenant, { ...ask, model: "claude", truncation: "auto" });
    expect(response.status).toBe(400);
  });
});
