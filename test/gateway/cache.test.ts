import type { Bundle, Model } from "@millrace/core/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { json, type Script, sse } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { newTenant, type Tenant } from "../support/gateway.ts";
import { type OneModelGateway, startOneModelGateway } from "../support/one-model-gateway.ts";

let at: OneModelGateway;
/** What is asked: some tests publish it changed. */
let tenant: Tenant;

beforeAll(async () => {
  at = await startOneModelGateway();
  ({ tenant } = at);
});
afterAll(() => at?.close());

let asked = 0;
/** Every answer tells its number, so that two calls upstream can be told apart. */
const numbered = (): Script =>
  json({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_700_000_000,
    model: "s-2026",
    choices: [
      { index: 0, message: { role: "assistant", content: `answer ${++asked}`, refusal: null }, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });

let question = 0;
beforeEach(() => {
  question++;
  asked = 0;
  at.upstream.answer(numbered);
});

interface Told {
  readonly cache: string | null;
  readonly text: string;
  readonly status: number;
}

async function ask(headers: Record<string, string> = {}, more: object = {}): Promise<Told> {
  const body = { model: "small", messages: [{ role: "user", content: `question ${question}` }], ...more };
  const caller = { ...tenant, headers: { "x-millrace-cache": "ttl=60", ...headers } };
  const response = await at.gateway.post("/v1/chat/completions", caller, body);
  const text = await response.text();
  return {
    cache: response.headers.get("x-millrace-cache"),
    status: response.status,
    text: /answer \d+/.exec(text)?.[0] ?? text,
  };
}

/** The cache is filled beside the answer. */
async function askedBefore(headers: Record<string, string> = {}): Promise<void> {
  await ask(headers);
  await eventually(async () => expect((await ask(headers)).cache).toBe("hit"));
}

async function publishEpochs(epochs: Partial<Bundle["cache_epochs"]>): Promise<void> {
  const cache_epochs = { ...tenant.bundle.cache_epochs, ...epochs };
  tenant = { ...tenant, bundle: { ...tenant.bundle, cache_epochs } };
  await at.gateway.publish(tenant);
}

describe("a tag", () => {
  it("may have any name that a tag may have", async () => {
    const headers = { "x-millrace-cache-tags": "constructor,toString" };
    await askedBefore(headers);
    expect(await ask(headers)).toMatchObject({ cache: "hit", status: 200 });
  });
});

describe("cache-control", () => {
  it("no-cache asks the model again, and its answer is what others get from then on", async () => {
    await askedBefore();
    expect(await ask({ "cache-control": "no-cache" })).toMatchObject({ cache: "miss", text: "answer 2" });
    await eventually(async () => expect(await ask()).toMatchObject({ cache: "hit", text: "answer 2" }));
  });

  it("of a longer time does not bind those who ask for a shorter one", async () => {
    await askedBefore({ "x-millrace-cache": "ttl=3600" });
    await eventually(async () => expect((await ask({ "x-millrace-cache": "ttl=1" })).text).toBe("answer 2"));
  });

  it("max-age refuses what is older, no-store neither reads nor keeps", async () => {
    await askedBefore();
    expect((await ask({ "cache-control": "max-age=3600" })).cache).toBe("hit");
    expect(await ask({ "cache-control": "no-store" })).toMatchObject({ cache: "off", text: "answer 2" });
    expect((await ask()).text).toBe("answer 1");
  });
});

describe("a purge", () => {
  it("of a tag forgets what bears it and nothing else", async () => {
    const spring = { "x-millrace-cache-tags": "spring, sale" };
    await askedBefore(spring);
    await askedBefore({ "x-millrace-cache-tags": "autumn" });
    await publishEpochs({ tags: { spring: 1 } });
    await eventually(async () => expect(await ask(spring)).toMatchObject({ text: "answer 3" }));
    expect(await ask({ "x-millrace-cache-tags": "autumn" })).toMatchObject({ cache: "hit", text: "answer 2" });
  });

  it("of the environment forgets everything", async () => {
    await askedBefore();
    await publishEpochs({ environment: 1 });
    await eventually(async () => expect((await ask()).text).not.toBe("answer 1"));
  });
});

/** An answer that waits until the test lets it go. */
function held(script: () => Script): { readonly go: () => void; readonly script: () => Script } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    go: resolve,
    script: () => {
      const { steps = [], ...head } = script();
      return { ...head, steps: [{ until: promise }, ...steps] };
    },
  };
}

describe("identical misses at once", () => {
  it("are one call upstream, and every caller gets its whole answer, streamed or not", async () => {
    const gate = held(numbered);
    at.upstream.answer(gate.script);
    const before = at.upstream.requests.length;
    const callers = Array.from({ length: 20 }, (_, index) => ask({}, index % 2 === 0 ? {} : { stream: true }));
    await eventually(async () => expect(at.upstream.requests.length).toBe(before + 1));
    gate.go();
    const told = await Promise.all(callers);
    expect(new Set(told.map(({ text }) => text))).toEqual(new Set(["answer 1"]));
    expect(told.filter(({ cache }) => cache === "hit")).toHaveLength(19);
    expect(at.upstream.requests.length).toBe(before + 1);
  });

  it("ask for themselves when the first call fails", async () => {
    const failure = held(() => json({ error: { message: "no", type: "invalid_request_error" } }, 400));
    let calls = 0;
    at.upstream.answer(() => (calls++ === 0 ? failure.script() : numbered()));
    const callers = Array.from({ length: 5 }, () => ask());
    await eventually(async () => expect(calls).toBe(1));
    failure.go();
    const told = await Promise.all(callers);
    expect(told.filter(({ status }) => status === 200)).toHaveLength(4);
  });

  it("do not wait for a caller who left", async () => {
    const gate = held(() => sse(["[DONE]"]));
    let calls = 0;
    at.upstream.answer(() => (calls++ === 0 ? gate.script() : numbered()));
    const leaving = new AbortController();
    const body = { model: "small", messages: [{ role: "user", content: `question ${question}` }] };
    const caller = { ...tenant, headers: { "x-millrace-cache": "ttl=60" }, signal: leaving.signal };
    const first = at.gateway.post("/v1/chat/completions", caller, body).catch(() => "left");
    await eventually(async () => expect(calls).toBe(1));
    const second = ask();
    leaving.abort();
    expect(await first).toBe("left");
    expect((await second).status).toBe(200);
    gate.go();
  });
});

describe("what shapes an answer beside the request", () => {
  it("keeps the branches of a condition apart, whatever the condition looks at", async () => {
    const to = (model: string) => ({ kind: "target", provider: "cloud", model }) as const;
    const when = { field: "header.x-plan", is: "equals", value: "premium" } as const;
    const route = { kind: "conditional", branches: [{ when, route: to("large") }], otherwise: to("s") } as const;
    const before = tenant;
    const model = { name: "small", surfaces: ["chat"] as const, route };
    tenant = newTenant({ models: { small: model as unknown as Model }, providers: before.bundle.providers });
    await at.gateway.publish(tenant);
    await askedBefore({ "x-plan": "free" });
    const seen = at.upstream.requests.length;
    expect(await ask({ "x-plan": "premium" })).toMatchObject({ cache: "miss" });
    expect(at.upstream.requests.slice(seen).map((request) => request.json["model"])).toEqual(["large"]);
    await eventually(async () => expect((await ask({ "x-plan": "premium" })).cache).toBe("hit"));
    tenant = before;
  });

  it("brings back what else a tool call and a choice have", async () => {
    const signature = { google: { thought_signature: "c2ln" } };
    const call = { id: "c1", type: "function", function: { name: "f", arguments: "{}" }, extra_content: signature };
    const chunk = (delta: object, rest: object): object => ({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index: 0, delta, ...rest }],
    });
    at.upstream.answer(
      sse([
        chunk({ role: "assistant", tool_calls: [{ index: 0, ...call }] }, { finish_reason: null }),
        chunk({}, { finish_reason: "tool_calls", stop_reason: "call" }),
        "[DONE]",
      ]),
    );
    const raw = async (stream: boolean): Promise<{ cache: string | null; text: string }> => {
      const body = { model: "small", stream, messages: [{ role: "user", content: `question ${question}` }] };
      const caller = { ...tenant, headers: { "x-millrace-cache": "ttl=60" } };
      const response = await at.gateway.post("/v1/chat/completions", caller, body);
      return { cache: response.headers.get("x-millrace-cache"), text: await response.text() };
    };
    await raw(true);
    await eventually(async () => expect((await raw(true)).cache).toBe("hit"));
    const { text } = await raw(true);
    expect(text).toContain('"extra_content":{"google":{"thought_signature":"c2ln"}}');
    expect(text).toContain('"stop_reason":"call"');
    expect(JSON.parse((await raw(false)).text)).toMatchObject({
      choices: [{ message: { tool_calls: [call] }, finish_reason: "tool_calls", stop_reason: "call" }],
    });
  });

  it("does not keep a stream whose unknown fields come in pieces", async () => {
    const chunk = (delta: object, finish: string | null = null) => ({
      id: "c",
      object: "chat.completion.chunk",
      created: 1,
      model: "s",
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const sound = ["AAAA", "BBBB"].map((data) => chunk({ audio: { data } }));
    at.upstream.answer(sse([chunk({ role: "assistant", content: "streamed" }), ...sound, chunk({}, "stop"), "[DONE]"]));
    await ask({}, { stream: true });
    at.upstream.answer(numbered);
    await eventually(async () => expect((await ask()).cache).toBe("hit"));
    expect((await ask()).text).toMatch(/^answer \d+$/);
  });
});
