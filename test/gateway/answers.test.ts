import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import type { Bundle } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, sse, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";
import { eventually } from "../support/eventually.ts";

let upstream: Upstream;
let gateway: GatewayUnderTest;
let tenant: Tenant;
const secret = "sk-live-0123456789abcdef";

const timeouts = { headers_ms: 500, first_token_ms: 500, gap_ms: 500, total_ms: 5000 };
function catalogOf(origin: string): Pick<Bundle, "models" | "providers"> {
  const model = (name: string, provider: string): Bundle["models"][string] => ({
    name,
    route: { kind: "target", provider, model: `${name}-upstream` },
    surfaces: ["chat", "completions", "embeddings"],
  });
  return {
    models: { small: model("small", "cloud"), gone: model("gone", "gone"), private: model("private", "private") },
    providers: {
      cloud: { name: "cloud", kind: "openai-compatible", base_url: `${origin}/v1`, secret: "API_KEY", timeouts },
      gone: { name: "gone", kind: "openai-compatible", base_url: "http://127.0.0.1:9/v1", timeouts },
      private: { name: "private", kind: "openai-compatible", base_url: "http://169.254.169.254/v1", timeouts },
    },
  };
}

beforeAll(async () => {
  upstream = await startUpstream();
  const host = new URL(upstream.origin).host;
  gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: `${host},127.0.0.1:9`, SECRET_ACME_API_KEY: secret });
  tenant = newTenant(catalogOf(upstream.origin));
  await gateway.publish(tenant);
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "small-2026" };
const completion = {
  ...head,
  object: "chat.completion",
  service_tier: "default",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Hello", refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage,
};
const chunk = (delta: object, finish: string | null = null, index = 0): object => ({
  ...head,
  object: "chat.completion.chunk",
  choices: [{ index, delta, finish_reason: finish }],
  usage: null,
});
const usageChunk = { ...head, object: "chat.completion.chunk", choices: [], usage };
const hello = [
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "Hel" }),
  chunk({ content: "lo" }),
  chunk({}, "stop"),
];
const ask = { model: "small", messages: [{ role: "user", content: "hi" }] };

function dataOf(text: string): string[] {
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => event.replace(/^data: /, ""));
}

async function traceOf(response: Response): Promise<Awaited<ReturnType<GatewayUnderTest["state"]>>["traces"][number]> {
  const id = response.headers.get("x-millrace-trace");
  const { traces } = await gateway.state();
  const found = traces.find((trace) => trace.record.id === id);
  if (found === undefined) throw new Error(`no trace ${id}`);
  return found;
}

it("refuses a model on a surface that it does not serve, and says which surface", async () => {
  const response = await gateway.post("/v1/moderations", tenant, { model: "small", input: "x" });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: "surface-not-served", param: "model", message: expect.stringContaining("moderations") },
  });
});

describe("GET /v1/models/{id}", () => {
  const read = async (id: string) => {
    const response = await fetch(`${gateway.url}/v1/models/${id}`, {
      headers: { authorization: `Bearer ${tenant.key}` },
    });
    return { status: response.status, body: (await response.json()) as { id?: string; error?: { code: string } } };
  };

  it("answers what the list says of one model, and misses another by name", async () => {
    expect(await read("small")).toMatchObject({ status: 200, body: { id: "small", object: "model" } });
    expect(await read("acme%2Fnone")).toMatchObject({ status: 404, body: { error: { code: "unknown-model" } } });
    expect(await read("prompt:none")).toMatchObject({ status: 404, body: { error: { code: "unknown-prompt" } } });
  });
});

describe("a whole answer", () => {
  it("passes the model's own bytes on and says where they came from", async () => {
    upstream.answer(json(completion));
    const response = await gateway.post("/v1/chat/completions", tenant, ask);
    expect(await response.text()).toBe(JSON.stringify(completion));
    expect(response.status).toBe(200);
    expect(response.headers.get("x-millrace-tier")).toBe("cloud");
    expect(response.headers.get("x-millrace-cache")).toBe("off");
    expect(response.headers.get("x-millrace-resolved")).toMatch(/^[0-9a-f]{64}$/);
    expect(response.headers.get("server-timing")).toContain("dispatch;dur=");
  });

  it("is in the outbox when its last byte arrives, with what was said and what it cost", async () => {
    upstream.answer(json(completion));
    const response = await gateway.post("/v1/chat/completions", tenant, ask);
    await response.text();
    const trace = await traceOf(response);
    expect(trace.record).toMatchObject({
      status: "ok",
      http_status: 200,
      requested: "small",
      model: "small-2026",
      provider: "cloud",
    });
    expect(trace.record.usage).toMatchObject({ input_tokens: 5, output_tokens: 2, source: "provider" });
    expect(trace.bodies).toMatchObject({ request: ask, rendered: null, response: completion });
    expect(trace.record.spans.map((span) => span.name)).toEqual([
      "authenticate",
      "resolve",
      "reserve",
      "cache",
      "attempt",
      "dispatch",
    ]);
  });

  it("sends the caller's bytes upstream untouched but for the model's name", async () => {
    upstream.answer(json(completion));
    const body =
      '{ "x_big": 9007199254740993, "model":"small","messages": [{"role":"user","content":"h\\u0069"}], "x_new": {"a":1.0} }';
    await (await gateway.post("/v1/chat/completions", tenant, body)).text();
    const seen = upstream.requests.at(-1);
    expect(seen?.text).toBe(body.replace('"small"', '"small-upstream"'));
    expect(seen?.path).toBe("/v1/chat/completions");
    expect(seen?.headers["authorization"]).toBe(`Bearer ${secret}`);
  });

  it("gives a caller who asked for a stream the same answer when the server does not stream", async () => {
    upstream.answer(json(completion));
    const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, stream: true });
    const events = dataOf(await response.text());
    expect(events.at(-1)).toBe("[DONE]");
    expect(JSON.parse(events[0]!)).toMatchObject({ choices: [{ delta: { content: "Hello" } }] });
  });
});

describe("a stream", () => {
  it("hides the usage that only Millrace asked for, and records it", async () => {
    upstream.answer(sse([...hello, usageChunk, "[DONE]"]));
    const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, stream: true });
    const events = dataOf(await response.text());
    const expected = hello.map((event) => JSON.stringify(event).replace(',"usage":null', ""));
    expect(events).toEqual([...expected, "[DONE]"]);
    expect(upstream.requests.at(-1)?.json["stream_options"]).toEqual({ include_usage: true });
    const trace = await traceOf(response);
    expect(trace.record.usage).toMatchObject({ input_tokens: 5, output_tokens: 2, source: "provider" });
    expect(trace.bodies?.response).toMatchObject({
      choices: [{ message: { content: "Hello" }, finish_reason: "stop" }],
    });
  });

  it("passes every event byte for byte to a caller who asked for usage", async () => {
    upstream.answer(sse([...hello, usageChunk, "[DONE]"]));
    const body = { ...ask, stream: true, stream_options: { include_usage: true } };
    const response = await gateway.post("/v1/chat/completions", tenant, body);
    expect(dataOf(await response.text())).toEqual(
      [...hello, usageChunk].map((event) => JSON.stringify(event)).concat("[DONE]"),
    );
  });

  it("reassembles parallel tool calls and several choices for the trace", async () => {
    const call = (index: number, part: object): object => ({ tool_calls: [{ index, ...part }] });
    upstream.answer(
      sse([
        chunk(call(0, { id: "a", type: "function", function: { name: "f", arguments: '{"x"' } })),
        chunk(call(1, { id: "b", type: "function", function: { name: "g", arguments: "{" } })),
        chunk(call(0, { function: { arguments: ":1}" } })),
        chunk(call(1, { function: { arguments: "}" } })),
        chunk({ content: "two" }, null, 1),
        chunk({}, "tool_calls"),
        chunk({}, "stop", 1),
        "[DONE]",
      ]),
    );
    const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, n: 2, stream: true });
    await response.text();
    const trace = await traceOf(response);
    expect(trace.record.finish_reasons).toEqual(["tool_calls", "stop"]);
    expect(trace.bodies?.response).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            tool_calls: [
              { id: "a", function: { arguments: '{"x":1}' } },
              { id: "b", function: { arguments: "{}" } },
            ],
          },
        },
        { message: { content: "two" } },
      ],
    });
    expect(trace.record.usage).toMatchObject({ source: "estimated" });
  });

  it.each([
    ["ends without a finish reason", sse(hello.slice(0, 3))],
    ["says it is done without a finish reason", sse([...hello.slice(0, 3), "[DONE]"])],
    ["is cut", { ...sse(hello.slice(0, 3)), steps: [...(sse(hello.slice(0, 3)).steps ?? []), { cut: true as const }] }],
  ])("that %s ends with an error event, without [DONE], and is recorded as truncated", async (_name, script) => {
    upstream.answer(script);
    const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, stream: true });
    const events = dataOf(await response.text());
    expect(events).not.toContain("[DONE]");
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ error: { code: "upstream-truncated" } });
    expect((await traceOf(response)).record).toMatchObject({ status: "truncated", error_code: "upstream-truncated" });
  });

  it.each([
    ["an event that is not JSON", ["{oops"], "upstream-garbage"],
    ["an error in mid-stream", [{ error: { message: `no more, ${secret}`, code: 500 } }], "upstream-failed"],
  ])("with %s delivers what came before and then the error", async (_name, tail, code) => {
    upstream.answer(sse([...hello.slice(0, 2), ...tail]));
    const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, stream: true });
    const text = await response.text();
    const events = dataOf(text);
    expect(text).not.toContain(secret);
    expect(events).toHaveLength(3);
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ error: { code } });
  });

  it("that falls silent is given up after the gap limit", async () => {
    upstream.answer({ ...sse(hello.slice(0, 2)), steps: [...(sse(hello.slice(0, 2)).steps ?? []), { hang: true }] });
    const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, stream: true });
    const events = dataOf(await response.text());
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ error: { code: "upstream-timeout" } });
    await upstream.requests.at(-1)?.aborted;
  });

  it("whose caller leaves aborts the call upstream and is recorded as cancelled with what had come", async () => {
    upstream.answer({ ...sse(hello.slice(0, 2)), steps: [...(sse(hello.slice(0, 2)).steps ?? []), { hang: true }] });
    const controller = new AbortController();
    const response = await gateway.post(
      "/v1/chat/completions",
      { ...tenant, signal: controller.signal },
      { ...ask, stream: true },
    );
    await response.body?.getReader().read();
    controller.abort();
    await upstream.requests.at(-1)?.aborted;
    await eventually(async () => {
      expect((await traceOf(response)).record).toMatchObject({ status: "cancelled", error_code: "client-closed" });
    });
  });
});

describe("a server at fault", () => {
  it.each([
    [
      "a web page",
      { headers: { "content-type": "text/html" }, steps: [{ write: "<html>" }] },
      [502, "upstream-garbage"],
    ],
    [
      "JSON that is cut",
      { headers: { "content-type": "application/json" }, steps: [{ write: '{"id":' }] },
      [502, "upstream-garbage"],
    ],
    ["no choices", json({ ...completion, choices: [] }), [502, "upstream-garbage"]],
    ["an empty body", json(""), [502, "upstream-garbage"]],
    ["a 500", json({ error: { message: "boom" } }, 500), [502, "upstream-failed"]],
    ["a redirect", { status: 307, headers: { location: "http://169.254.169.254/" } }, [502, "upstream-rejected"]],
    ["a refusal of our key", json({ error: { message: `bad key ${secret}` } }, 401), [502, "upstream-unauthorized"]],
    [
      "a fault of the request",
      json({ error: { message: `top_k is odd, ${secret}`, param: `Bearer ${secret}` } }, 400),
      [400, "invalid-request"],
    ],
    [
      "a context too long",
      json({ error: { message: "maximum context length is 8", code: "context_length_exceeded" } }, 400),
      [400, "context-too-long"],
    ],
    [
      "an answer without an end",
      json({ ...completion, choices: [{ ...completion.choices[0], finish_reason: null }] }),
      [502, "upstream-truncated"],
    ],
    ["silence", { silent: true }, [504, "upstream-timeout"]],
    [
      "headers and then silence",
      { headers: { "content-type": "application/json" }, steps: [{ hang: true as const }] },
      [504, "upstream-timeout"],
    ],
  ])("that answers with %s is named as such, without our secret", async (_name, script, [status, code]) => {
    upstream.answer(script);
    const response = await gateway.post("/v1/chat/completions", tenant, ask);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code } });
    expect(response.status).toBe(status);
    expect(text).not.toContain(secret);
    const trace = await traceOf(response);
    expect(trace.record).toMatchObject({ error_code: code, http_status: status });
    expect(JSON.stringify(trace)).not.toContain(secret);
  });

  it.each([
    [
      "whole",
      json({ ...completion, choices: [{ ...completion.choices[0], message: { role: "assistant", content: secret } }] }),
    ],
    ["streamed", sse([chunk({ content: `your key is ${secret}` }), chunk({}, "stop"), "[DONE]"])],
  ])("that quotes our secret in a %s answer shows it to nobody", async (kind, script) => {
    upstream.answer(script);
    const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, stream: kind === "streamed" });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toContain("[secret]");
    expect(text).not.toContain(secret);
    expect(JSON.stringify(await traceOf(response))).not.toContain(secret);
  });

  it("that sends a small answer which unpacks to more than fits in memory is cut off", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
    upstream.answer({
      headers: { "content-type": "application/json", "content-encoding": "gzip", "content-length": `${bomb.length}` },
      steps: [{ write: bomb }],
    });
    const response = await gateway.post("/v1/chat/completions", tenant, ask);
    expect(await response.json()).toMatchObject({
      error: { code: "answer-too-large", message: expect.stringContaining("larger than fits in memory") as string },
    });
  });

  it("that is full passes its retry-after on", async () => {
    upstream.answer(json({ error: { message: "slow down" } }, 429, { "retry-after": "7" }));
    // Its own environment: the target is left alone for as long as it asked.
    const busy = newTenant(catalogOf(upstream.origin));
    await gateway.publish(busy);
    const response = await gateway.post("/v1/chat/completions", busy, ask);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await response.json()).toMatchObject({ error: { code: "upstream-overloaded", retryable: true } });
    const seen = upstream.requests.length;
    const again = await gateway.post("/v1/chat/completions", busy, ask);
    expect([again.status, upstream.requests.length]).toEqual([429, seen]);
    expect(Number(again.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("that refuses the connection is told apart from one that may not be called", async () => {
    const gone = await gateway.post("/v1/chat/completions", tenant, { ...ask, model: "gone" });
    expect([gone.status, ((await gone.json()) as { error: { code: string } }).error.code]).toEqual([
      502,
      "upstream-refused",
    ]);
    const refused = await gateway.post("/v1/chat/completions", tenant, { ...ask, model: "private" });
    expect(((await refused.json()) as { error: { code: string } }).error.code).toBe("url-not-allowed");
  });

  it("never shows our secret in a log", () => {
    expect(gateway.logs.join("\n")).not.toContain(secret);
    expect(gateway.logs.join("\n")).not.toContain(tenant.key);
  });
});

describe("bad input", () => {
  it.each<[string, unknown, [number, string, RegExp]]>([
    [
      "malformed JSON, with the position",
      '{"model": "small",\n "messages": [}',
      [400, "malformed-json", /line 2, column 15/],
    ],
    ["a body nested too deeply", `{"a":${"[".repeat(200)}${"]".repeat(200)}}`, [400, "body-too-deep", /64 levels/]],
    ["a body of 10 MB", JSON.stringify({ ...ask, pad: "x".repeat(10_000_000) }), [413, "body-too-large", /bytes/]],
    [
      "a wrong type, with its path",
      { model: "small", messages: [{ role: "user", content: 7 }] },
      [400, "invalid-request", /messages\[0\].content/],
    ],
    ["an unknown model", { ...ask, model: "nope" }, [404, "unknown-model", /nope/]],
    ["an unknown prompt", { ...ask, model: "prompt:nope" }, [404, "unknown-prompt", /nope/]],
    ["`prompt` with a plain model", { ...ask, prompt: {} }, [400, "invalid-request", /prompt/]],
    ["an array for a body", "[]", [400, "invalid-request", /object/]],
  ])("refuses %s", async (_name, body, [status, code, message]) => {
    const response = await gateway.post("/v1/chat/completions", tenant, body);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect([response.status, error.code]).toEqual([status, code]);
    expect(error.message).toMatch(message);
    expect(response.headers.get("x-millrace-trace")).toMatch(/^trc_/);
  });

  it("refuses headers that are too large, and paths and methods that are not there", async () => {
    const large = await gateway.post(
      "/v1/chat/completions",
      {
        ...tenant,
        headers: { "x-pad": "x".repeat(15_000), "x-pad2": "x".repeat(15_000), "x-pad3": "x".repeat(5_000) },
      },
      ask,
    );
    expect(large.status).toBe(431);
    const models = await fetch(`${gateway.url}/v1/models`, {
      headers: { authorization: `Bearer ${tenant.key}`, "x-pad": "x".repeat(15_000), "x-pad2": "x".repeat(20_000) },
    });
    expect(models.status).toBe(431);
    const absent = await fetch(`${gateway.url}/v1/nothing`);
    expect([absent.status, ((await absent.json()) as { error: { code: string } }).error.code]).toEqual([
      404,
      "not-found",
    ]);
    const method = await fetch(`${gateway.url}/v1/chat/completions`);
    expect([method.status, method.headers.get("allow")]).toEqual([405, "POST"]);
    const problem = await fetch(`${gateway.url}/nothing`);
    expect(problem.headers.get("content-type")).toBe("application/problem+json");
  });

  it("keeps the bytes of what it does not know, also where a name comes twice", async () => {
    upstream.answer(json(completion));
    const text =
      '{"model":"small","messages":[{"role":"user","content":"hi"}],"x_id":9007199254740993,"user":"a","user":"b"}';
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${tenant.key}`, "content-type": "application/json" },
      body: text,
    });
    expect(response.status).toBe(200);
    const sent = upstream.requests.at(-1)?.text ?? "";
    expect(sent).toContain('"x_id":9007199254740993');
    expect(sent).toContain('"user":"b"');
    expect(sent).not.toContain('"user":"a"');
  });

  it("passes a prompt of tokens on to a server that takes them, as one prompt", async () => {
    const text = {
      ...completion,
      object: "text_completion",
      choices: [{ index: 0, text: "d", finish_reason: "length" }],
    };
    upstream.answer(json(text));
    const prompt = [101, 7592, 102];
    const body = { model: "small", prompt, max_tokens: 0, echo: true };
    const response = await gateway.post("/v1/completions", tenant, body);
    expect(response.status).toBe(200);
    expect(upstream.requests.at(-1)?.json).toMatchObject({ prompt, max_tokens: 0, echo: true });
    expect((await traceOf(response)).record.usage).not.toBeNull();
  });

  it("refuses a body that is compressed, and says so", async () => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${tenant.key}`, "content-encoding": "gzip" },
      body: "x",
    });
    expect([response.status, await response.text()]).toEqual([415, expect.stringContaining("compressed (gzip)")]);
  });

  it("takes a caller who leaves in the middle of the body for one who left", async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    const opening = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tenant.key}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n`;
    socket.end(`${opening}{"model"`);
    await eventually(async () => {
      const { traces } = await gateway.state();
      expect(traces.at(-1)?.record).toMatchObject({ status: "cancelled", error_code: "client-closed" });
    });
    socket.destroy();
  });

  it("takes JSON that curl labels as a form", async () => {
    upstream.answer(json(completion));
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await gateway.post("/v1/chat/completions", { ...tenant, headers }, ask)).status).toBe(200);
  });
});
