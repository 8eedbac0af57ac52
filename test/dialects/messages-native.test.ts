import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, describe, it } from "vitest";
import { json, type Script } from "../fakes/upstream.ts";
import { type DialectFixture, startDialects, stream } from "./fixture.ts";

let at: DialectFixture;
let client: Anthropic;
beforeAll(async () => {
  at = await startDialects();
  client = new Anthropic({ apiKey: at.tenant.key, baseURL: at.gateway.url, maxRetries: 0 });
});
afterAll(() => at?.close());

const usage = { input_tokens: 3, output_tokens: 1, cache_read_input_tokens: 9, cache_creation_input_tokens: 0 };
const head = { id: "msg_native", type: "message", role: "assistant", model: "claude-2026" };
const events: readonly (Record<string, unknown> & { type: string })[] = [
  { type: "message_start", message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage } },
  { type: "ping" },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm" } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hel" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "lo" } },
  { type: "content_block_stop", index: 1 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 8 } },
  { type: "message_stop" },
];
const text = (told: readonly { type: string }[]): string =>
  told.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const anthropicStream = (told: readonly { type: string }[], cut = false): Script => ({
  headers: { "content-type": "text/event-stream" },
  steps: [{ write: text(told) }, ...(cut ? [{ cut: true } as const] : [])],
});

/** The events of a stream that brings this message. */
function streamOf(message: { readonly content: readonly object[]; readonly stop_reason: string }) {
  const { content, stop_reason: reason, ...rest } = message;
  const start = { ...rest, content: [], stop_reason: null };
  const blocks = content.flatMap((block, index) => {
    const { text: said, thinking, signature, citations, input, ...own } = block as Record<string, unknown>;
    const delta = (type: string, name: string, value: unknown): object[] =>
      value === undefined ? [] : [{ type: "content_block_delta", index, delta: { type, [name]: value } }];
    const empty = {
      ...own,
      ...(said === undefined ? {} : { text: "" }),
      ...(thinking === undefined ? {} : { thinking: "", signature: "" }),
      ...(input === undefined ? {} : { input: {} }),
    };
    return [
      { type: "content_block_start", index, content_block: empty },
      ...((citations ?? []) as unknown[]).flatMap((one) => delta("citations_delta", "citation", one)),
      ...delta("text_delta", "text", said),
      ...delta("thinking_delta", "thinking", thinking),
      ...delta("signature_delta", "signature", signature),
      ...delta("input_json_delta", "partial_json", input === undefined ? undefined : JSON.stringify(input)),
      { type: "content_block_stop", index },
    ];
  });
  return [
    { type: "message_start", message: start },
    ...blocks,
    { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage },
    { type: "message_stop" },
  ] as { type: string }[];
}

const ask = {
  model: "claude",
  max_tokens: 4000,
  system: [{ type: "text", text: "be brief", cache_control: { type: "ephemeral" } }],
  thinking: { type: "enabled", budget_tokens: 2000 },
  messages: [{ role: "user", content: [{ type: "text", text: "hi", cache_control: { type: "ephemeral" } }] }],
} as const;
const params = (model = "claude"): Anthropic.MessageCreateParamsNonStreaming =>
  ({ ...ask, model }) as unknown as Anthropic.MessageCreateParamsNonStreaming;

describe("a model of Anthropic's, asked in Anthropic's words", () => {
  it("gets the caller's own body and betas, but for the model", async () => {
    at.upstream.answer(
      json({
        ...head,
        content: [{ type: "text", text: "Hello" }],
        stop_reason: "end_turn",
        stop_sequence: null,
        usage,
      }),
    );
    const message = await client.messages.create(params(), {
      headers: { "anthropic-beta": "files-api-2025-04-14,other-1" },
    });
    const seen = at.upstream.requests.at(-1);
    expect(seen?.json).toEqual({ ...ask, model: "claude-upstream", stream: false });
    expect(seen?.headers["anthropic-beta"]).toBe("files-api-2025-04-14,other-1");
    expect(seen?.headers["x-api-key"]).toBe("sk-ant-0123456789abcdef");
    expect(message).toMatchObject({ id: "msg_native", content: [{ type: "text", text: "Hello" }], usage });
  });

  it("is streamed through, signatures and all, and counted", async () => {
    at.upstream.answer(anthropicStream(events));
    const response = await at.gateway.post("/v1/messages", at.tenant, { ...ask, stream: true });
    expect(await response.text()).toBe(text(events));
    expect(await at.traceOf(response.headers.get("request-id"))).toMatchObject({
      surface: "messages",
      status: "ok",
      usage: { input_tokens: 12, output_tokens: 8, cached_input_tokens: 9, source: "provider" },
    });
  });

  it("may run the tools that it alone has", async () => {
    at.upstream.answer(anthropicStream(events));
    const tools = [{ type: "web_search_20250305", name: "web_search" }];
    await client.messages.stream({ ...params(), tools } as Anthropic.MessageStreamParams).finalMessage();
    expect(at.upstream.requests.at(-1)?.json["tools"]).toEqual(tools);
  });

  it("does not get the thoughts of others, which it would refuse", async () => {
    at.upstream.answer(anthropicStream(events));
    const content = [
      { type: "thinking", thinking: "Hm", signature: "" },
      { type: "thinking", thinking: "Aha", signature: "c2ln" },
      { type: "text", text: "Hello" },
    ];
    const messages = [...ask.messages, { role: "assistant", content }, { role: "user", content: "and?" }];
    await client.messages.stream({ ...params(), messages } as unknown as Anthropic.MessageStreamParams).finalMessage();
    const seen = at.upstream.requests.at(-1)?.json["messages"] as { content: unknown }[];
    expect(seen[1]?.content).toEqual(content.slice(1));
  });

  it("that stops in the middle is never whole", async () => {
    at.upstream.answer(anthropicStream(events.slice(0, 8), true));
    const response = await at.gateway.post("/v1/messages", at.tenant, { ...ask, stream: true });
    const told = await response.text();
    expect(told).toContain("event: error");
    expect(told).not.toContain("message_stop");
  });
});

describe("a named prompt that a model of Anthropic's answers", () => {
  it("is told in the caller's form, whatever was needed to ask for it", async () => {
    at.upstream.answer((request) => {
      const [tool] = (request.json["tools"] ?? []) as { name: string }[];
      const answer =
        tool === undefined ? { type: "text", text: "{}" } : { type: "tool_use", id: "t", name: tool.name, input: {} };
      return json({
        ...head,
        content: [answer],
        stop_reason: tool === undefined ? "end_turn" : "tool_use",
        stop_sequence: null,
        usage,
      });
    });
    const message = await client.messages.create({
      model: "prompt:fact",
      max_tokens: 64,
      messages: [{ role: "user", content: "hi" }],
    });
    expect(message).toMatchObject({ content: [{ type: "text", text: "{}" }], stop_reason: "end_turn" });
  });
});

describe("a second call of the same model", () => {
  it("goes on where the first stopped, exactly once and in one message", async () => {
    let calls = 0;
    at.upstream.answer(() => (++calls === 1 ? anthropicStream(events.slice(0, 8), true) : anthropicStream(events)));
    const told: string[] = [];
    const streamed = client.messages.stream(params() as Anthropic.MessageStreamParams);
    streamed.on("streamEvent", (event) => told.push(event.type));
    const message = await streamed.finalMessage();
    expect(calls).toBe(2);
    expect(message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("")).toBe("Hello");
    expect(told.filter((type) => type.startsWith("message_st"))).toEqual(["message_start", "message_stop"]);
    expect(told.filter((type) => type === "content_block_start")).toHaveLength(
      told.filter((type) => type === "content_block_stop").length,
    );
  });
});

describe("the cache", () => {
  it("is told again in the caller's own words where only those say all of it", async () => {
    const start = events.filter(({ type }) => type === "message_start");
    const block = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
    const said = (words: string) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: words },
    });
    const rest = [{ type: "content_block_stop", index: 0 }, ...events.slice(-2)];
    let calls = 0;
    at.upstream.answer(() =>
      ++calls === 1
        ? anthropicStream([...start, block, said("Hel")], true)
        : anthropicStream([...start, block, said("Hello"), ...rest]),
    );
    const tools = [{ type: "web_search_20250305", name: "web_search" }];
    const { thinking: _thinking, ...asked } = ask;
    const response = await at.gateway.post("/v1/messages", at.tenant, { ...asked, tools, stream: true });
    const told = [...(await response.text()).matchAll(/"text":"([^"]*)"/g)].map((match) => match[1]).join("");
    expect(told).toBe("Hello");
    expect(at.upstream.requests.slice(-2).map(({ json: sent }) => sent["tools"])).toEqual([tools, tools]);
  });

  it("keeps apart what only Anthropic's words tell apart, and serves again what is the same", async () => {
    at.upstream.answer(anthropicStream(events));
    const headers = { "x-millrace-cache": "ttl=60" };
    const told = async (change: object): Promise<string> => {
      const body = { ...ask, ...change, stream: true };
      const response = await at.gateway.post("/v1/messages", { ...at.tenant, headers }, body);
      expect(await response.text()).toContain("message_stop");
      return response.headers.get("x-millrace-cache") ?? "";
    };
    expect(await told({})).toBe("miss");
    expect(await told({ thinking: { type: "enabled", budget_tokens: 3000 } })).toBe("miss");
    expect(await told({})).toBe("hit");
  });

  const results = [{ type: "web_search_result", url: "https://example.com", title: "Ex", encrypted_content: "abc" }];
  const content = [
    { type: "thinking", thinking: "Hm", signature: "c2ln" },
    { type: "redacted_thinking", data: "b3BhcXVl" },
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "bonn" } },
    { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: results },
    { type: "text", text: "Sunny.", citations: [{ type: "web_search_result_location", cited_text: "sun" }] },
    { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Bonn" } },
  ];
  const answered = { ...head, content, stop_reason: "tool_use", stop_sequence: null, usage };
  const told = (message: Anthropic.Message): object => ({ ...message, id: "" });

  it.each([
    ["asked for whole", { "x-millrace-cache": "ttl=60", "x-millrace-cache-tags": "whole" }, false],
    ["asked for as a stream", { "x-millrace-cache": "ttl=60", "x-millrace-cache-tags": "stream" }, true],
  ])("tells signatures and blocks of the provider's own tools again, first %s", async (_name, headers, streamed) => {
    at.upstream.answer((request) =>
      request.json["stream"] === true ? anthropicStream(streamOf(answered)) : json(answered),
    );
    const before = at.upstream.requests.length;
    const asWhole = (): Promise<Anthropic.Message> => client.messages.create(params(), { headers });
    const asStream = (): Promise<Anthropic.Message> =>
      client.messages.stream(params() as Anthropic.MessageStreamParams, { headers }).finalMessage();
    const ways = streamed ? [asStream, asStream, asWhole] : [asWhole, asWhole, asStream];
    for (const way of ways) expect(told(await way())).toMatchObject(told(answered as unknown as Anthropic.Message));
    expect(at.upstream.requests).toHaveLength(before + 1);
  });

  it("does not keep what was put together from two calls, because its thoughts have lost their signatures", async () => {
    let calls = 0;
    const other = events.map((event) =>
      JSON.stringify(event).includes('"Hm"') ? { ...event, delta: { type: "thinking_delta", thinking: "Aha" } } : event,
    );
    at.upstream.answer(() => (++calls % 2 === 1 ? anthropicStream(events.slice(0, 8), true) : anthropicStream(other)));
    const headers = { "x-millrace-cache": "ttl=60", "x-millrace-cache-tags": "two-calls" };
    for (const expected of [2, 4]) {
      await client.messages.stream(params() as Anthropic.MessageStreamParams, { headers }).finalMessage();
      expect(calls).toBe(expected);
    }
  });
});

describe("a fallback behind a model of Anthropic's", () => {
  it("gets the translation, and tools that only Anthropic has do not reach it", async () => {
    at.upstream.answer((request) =>
      request.path.startsWith("/anthropic/")
        ? json({ type: "error", error: { type: "api_error", message: "no" } }, 500)
        : stream([{ content: "Hello" }]),
    );
    const message = await client.messages.stream(params("both") as Anthropic.MessageStreamParams).finalMessage();
    expect(message).toMatchObject({
      model: "small-2026",
      content: [{ type: "text", text: "Hello" }],
      stop_reason: "end_turn",
    });
    expect(at.upstream.requests.at(-1)?.json).toMatchObject({
      model: "small-upstream",
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: "hi" },
      ],
    });
    const before = at.upstream.requests.filter((request) => request.path === "/v1/chat/completions").length;
    const tools = [{ type: "web_search_20250305", name: "web_search" }];
    await expect(
      client.messages.create({ ...params("both"), tools } as Anthropic.MessageCreateParamsNonStreaming),
    ).rejects.toThrow();
    expect(at.upstream.requests.filter((request) => request.path === "/v1/chat/completions")).toHaveLength(before);
  });

  it("goes on in the same message where Anthropic stopped, exactly once", async () => {
    at.upstream.answer((request) =>
      request.path.startsWith("/anthropic/")
        ? anthropicStream(events.slice(0, 8), true)
        : stream([{ content: "Hel" }, { content: "lo" }]),
    );
    const told: string[] = [];
    const streamed = client.messages.stream(params("both") as Anthropic.MessageStreamParams);
    streamed.on("streamEvent", (event) => told.push(event.type));
    const message = await streamed.finalMessage();
    expect(message.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("")).toBe("Hello");
    expect(told.filter((type) => type === "message_start" || type === "message_stop")).toEqual([
      "message_start",
      "message_stop",
    ]);
    expect(message.stop_reason).toBe("end_turn");
  });
});
