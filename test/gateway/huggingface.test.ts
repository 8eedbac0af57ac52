import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, sse, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

/** The library itself, in workerd, against an Inference Endpoint that the test scripts. */
let upstream: Upstream;
let gateway: GatewayUnderTest;
let tenant: Tenant;
const token = "hf_abcdefghijklmnopqrstuvwxyz";
const timeouts = { headers_ms: 500, first_token_ms: 500, gap_ms: 500, total_ms: 5000 };

beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host, SECRET_ACME_HF_TOKEN: token });
  const route = { kind: "target", model: "org/model" } as const;
  const surfaces = ["chat", "completions", "embeddings"] as const;
  tenant = newTenant({
    models: {
      hf: { name: "hf", route: { ...route, provider: "endpoint" }, surfaces: [...surfaces] },
      odd: { name: "odd", route: { ...route, provider: "odd" }, surfaces: ["chat"] },
    },
    providers: {
      endpoint: { name: "endpoint", kind: "huggingface", base_url: upstream.origin, secret: "HF_TOKEN", timeouts },
      odd: { name: "odd", kind: "huggingface", inference_provider: "nobody", secret: "HF_TOKEN", timeouts },
    },
  });
  await gateway.publish(tenant);
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

const ask = { model: "hf", messages: [{ role: "user", content: "hi" }] };
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const completion = {
  id: "1",
  object: "chat.completion",
  created: 1,
  model: "org/model",
  system_fingerprint: "fp",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, logprobs: null, finish_reason: "stop" }],
  usage,
};
const chunk = (content: string, finish: string | null): object => ({
  id: "1",
  object: "chat.completion.chunk",
  created: 1,
  model: "org/model",
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { code: string } }).error.code;
}

describe("Hugging Face", () => {
  it.each(["provider", "endpointUrl", "accessToken", "urlTransform"])(
    "takes no `%s` from a caller: where a target is, and who pays, its provider says",
    async (field) => {
      upstream.answer(json(completion));
      const before = upstream.requests.length;
      const response = await gateway.post("/v1/chat/completions", tenant, { ...ask, [field]: "https://example.com" });
      expect(await response.json()).toMatchObject({ error: { code: "unsupported-parameter", param: field } });
      expect(upstream.requests).toHaveLength(before);
    },
  );

  it("answers chat, with every field of the request passed on", async () => {
    upstream.answer(json(completion));
    const body = { ...ask, temperature: 0.5, n: 1, seed: 7, x_extra: true };
    const response = await gateway.post("/v1/chat/completions", tenant, body);
    expect(await response.json()).toMatchObject(completion);
    expect(response.headers.get("x-millrace-tier")).toBe("cloud");
    const seen = upstream.requests.at(-1);
    expect(seen?.json).toMatchObject({ messages: ask.messages, temperature: 0.5, seed: 7, x_extra: true });
    expect(seen?.headers["authorization"]).toBe(`Bearer ${token}`);
  });

  it("streams chat to the end, and names a stream that was cut", async () => {
    const stream = { ...ask, stream: true };
    upstream.answer(
      sse([chunk("Hel", null), chunk("lo", "stop"), { ...chunk("", null), choices: [], usage }, "[DONE]"]),
    );
    const whole = await (await gateway.post("/v1/chat/completions", tenant, stream)).text();
    expect(whole.match(/data: /g)).toHaveLength(3);
    expect(whole.endsWith("data: [DONE]\n\n")).toBe(true);
    upstream.answer(sse([chunk("Hel", null)]));
    const cut = await (await gateway.post("/v1/chat/completions", tenant, stream)).text();
    expect(cut).toContain("upstream-truncated");
    expect(cut).not.toContain("[DONE]");
  });

  it("completes text with a finish reason, and refuses what it cannot honour", async () => {
    const piece = (text: string, finish: string | null): object => ({
      id: "1",
      object: "text_completion",
      created: 1,
      model: "org/model",
      choices: [{ index: 0, text, finish_reason: finish }],
    });
    upstream.answer(sse([piece("a", null), piece("b", "length"), "[DONE]"]));
    const response = await gateway.post("/v1/completions", tenant, { model: "hf", prompt: "x", max_tokens: 2 });
    expect(await response.json()).toMatchObject({ choices: [{ text: "ab", finish_reason: "length" }] });
    const refused = await gateway.post("/v1/completions", tenant, { model: "hf", prompt: "x", best_of: 2 });
    expect([refused.status, await codeOf(refused)]).toEqual([400, "no-capable-target"]);
  });

  it("embeds, as numbers and as base64", async () => {
    upstream.answer(json([[0.5, -1]]));
    const floats = await gateway.post("/v1/embeddings", tenant, { model: "hf", input: "x" });
    expect(await floats.json()).toMatchObject({ data: [{ index: 0, embedding: [0.5, -1] }] });
    const text = await gateway.post("/v1/embeddings", tenant, { model: "hf", input: "x", encoding_format: "base64" });
    const { data } = (await text.json()) as { data: [{ embedding: string }] };
    const bytes = Buffer.from(data[0].embedding, "base64");
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.5, -1]);
    upstream.answer(json([[[0.5], [1]]]));
    const tokens = await gateway.post("/v1/embeddings", tenant, { model: "hf", input: "x" });
    expect(await codeOf(tokens)).toBe("upstream-garbage");
  });

  it.each<[string, Parameters<Upstream["answer"]>[0], [number, string]]>([
    ["a bad token", json({ error: `no ${token}` }, 401), [502, "upstream-unauthorized"]],
    ["a fault of the request", json({ error: { message: "bad" } }, 422), [400, "invalid-request"]],
    [
      "a web page",
      { headers: { "content-type": "text/html" }, steps: [{ write: "<html>" }] },
      [502, "upstream-garbage"],
    ],
    ["silence", { silent: true }, [504, "upstream-timeout"]],
    // Last: the target is left alone for as long as it asked.
    ["a full queue", json({ error: "busy" }, 429, { "retry-after": "3" }), [429, "upstream-overloaded"]],
  ])("names %s in our words, without the token", async (_name, script, [status, code]) => {
    upstream.answer(script);
    const response = await gateway.post("/v1/chat/completions", tenant, ask);
    const text = await response.text();
    expect([response.status, (JSON.parse(text) as { error: { code: string } }).error.code]).toEqual([status, code]);
    expect(text + gateway.logs.join("\n") + JSON.stringify(await gateway.state())).not.toContain(token);
  });

  it("refuses an inference provider that the library does not know", async () => {
    expect(await codeOf(await gateway.post("/v1/chat/completions", tenant, { ...ask, model: "odd" }))).toBe(
      "upstream-rejected",
    );
  });
});
