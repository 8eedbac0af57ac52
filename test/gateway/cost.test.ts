import { contentHash } from "@millrace/core/content";
import { type Bundle, priceSchema, type TraceRecord } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, sse, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

let upstream: Upstream;
let gateway: GatewayUnderTest;
let tenant: Tenant;

const timeouts = { headers_ms: 2000, first_token_ms: 2000, gap_ms: 2000, total_ms: 10_000 };
const prices: Bundle["prices"] = [
  {
    origin: "import",
    price: priceSchema.parse({
      scope: { kind: "openai-compatible" },
      model: "gpt-4o",
      rates: { input: 2_500_000, output: 10_000_000, cached_input: 1_250_000 },
    }),
  },
];
const version = contentHash(prices);

beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host });
  const model = (name: string): Bundle["models"][string] => ({
    name,
    route: { kind: "target", provider: "cloud", model: name },
    surfaces: ["chat"],
  });
  const cloud = { name: "cloud", kind: "openai-compatible" as const, base_url: `${upstream.origin}/v1`, timeouts };
  const plain = newTenant({
    models: { "gpt-4o": model("gpt-4o"), unpriced: model("unpriced") },
    providers: { cloud },
  });
  tenant = { ...plain, bundle: { ...plain.bundle, prices, price_version: version } };
  await gateway.publish(tenant);
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "gpt-4o-2026" };
const usage = {
  prompt_tokens: 1000,
  completion_tokens: 200,
  total_tokens: 1200,
  prompt_tokens_details: { cached_tokens: 400 },
};
const message = { role: "assistant", content: "three words here", refusal: null };
const completion = {
  ...head,
  object: "chat.completion",
  choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
};
const ask = (more: object = {}) => ({ model: "gpt-4o", messages: [{ role: "user", content: "hi there" }], ...more });
/** 600 fresh, 400 cached and 200 written tokens, in micro-dollars. */
const COST = 600 * 2.5 + 400 * 1.25 + 200 * 10;
const header = "x-millrace-cost-usd-micros";

async function exchange(body: object, headers: Record<string, string> = {}): Promise<[Response, TraceRecord]> {
  const response = await gateway.post("/v1/chat/completions", { ...tenant, headers }, body);
  await response.text();
  const id = response.headers.get("x-millrace-trace");
  const { traces } = await gateway.state();
  const record = traces.find((trace) => trace.record.id === id)?.record;
  if (record === undefined) throw new Error(`no trace ${id}`);
  return [response, record];
}

describe("the cost of an exchange", () => {
  it("is in the trace and in the header, with the name of the prices", async () => {
    upstream.answer(json({ ...completion, usage }));
    const [response, record] = await exchange(ask());
    expect(response.headers.get(header)).toBe(String(COST));
    expect(record).toMatchObject({ cost_usd_micros: COST, saved_usd_micros: null, price_version: version });
  });

  it("is the same for a stream", async () => {
    const chunk = (delta: object, finish: string | null = null) => ({
      ...head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    const end = { ...head, object: "chat.completion.chunk", choices: [], usage };
    upstream.answer(sse([chunk({ content: "three words here" }), chunk({}, "stop"), end]));
    const [response, record] = await exchange(ask({ stream: true }));
    expect(response.headers.get(header)).toBeNull();
    expect(record).toMatchObject({ cost_usd_micros: COST, price_version: version });
  });

  it("is unknown, never 0, where the model has no price", async () => {
    upstream.answer(json({ ...completion, usage }));
    const [response, record] = await exchange(ask({ model: "unpriced" }));
    expect(response.headers.get(header)).toBeNull();
    expect(record).toMatchObject({ cost_usd_micros: null, saved_usd_micros: null, price_version: null });
  });

  it("is unknown where the answer was served in a way that has no price", async () => {
    upstream.answer(json({ ...completion, usage, service_tier: "priority" }));
    expect((await exchange(ask()))[1].cost_usd_micros).toBeNull();
  });

  it("is 0 for a hit of the cache, which says what it saved", async () => {
    upstream.answer(json({ ...completion, usage }));
    const cached = { "x-millrace-cache": "ttl=60" };
    const question = ask({ seed: 7 });
    expect((await exchange(question, cached))[1]).toMatchObject({ cache: "miss", cost_usd_micros: COST });
    await eventually(async () => {
      const [response, record] = await exchange(question, cached);
      expect(record.cache).toBe("hit");
      expect(response.headers.get(header)).toBe("0");
      expect(record).toMatchObject({ cost_usd_micros: 0, saved_usd_micros: COST, price_version: version });
    });
  });

  it.each([1e300, 2e15, -1, 1.5])("and usage are not what a provider says who counts %d tokens", async (count) => {
    const counted = { prompt_tokens: count, completion_tokens: count, total_tokens: count };
    upstream.answer(json({ ...completion, usage: counted }));
    const [, record] = await exchange(ask());
    expect(record.usage).toMatchObject({ source: "estimated" });
    expect(record.usage?.input_tokens).toBeLessThan(100);
  });

  it("goes by a marked estimate of the model's tokenizer where the provider counted nothing", async () => {
    upstream.answer(json(completion));
    const [, record] = await exchange(ask());
    // The double of the functions Worker counts words; a message and the start of an answer add three tokens each.
    expect(record.usage).toMatchObject({
      input_tokens: 2 + 3 + 3,
      output_tokens: 3,
      source: "estimated",
      estimated_by: "o200k_base",
    });
    expect(record.cost_usd_micros).toBe(8 * 2.5 + 3 * 10);
  });
});
