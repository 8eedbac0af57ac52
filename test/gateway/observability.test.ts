import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, sse, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";
import { parseMetrics } from "../support/parse-metrics.ts";

const TOKEN = "operators-token-0123456789";
const ORIGIN = "https://app.test";
let upstream: Upstream;
let gateway: GatewayUnderTest;
let open: GatewayUnderTest;
let local: GatewayUnderTest;
let tenant: Tenant;

beforeAll(async () => {
  upstream = await startUpstream();
  const vars = { ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host, ALLOWED_ORIGINS: ORIGIN };
  gateway = await startGateway({ ...vars, METRICS_TOKEN: TOKEN });
  open = await startGateway();
  local = await startGateway({ LOCAL_KEY_HINT: "mlr_demo" });
  const timeouts = { headers_ms: 2000, first_token_ms: 2000, gap_ms: 2000, total_ms: 10_000 };
  tenant = newTenant({
    models: {
      m: { name: "m", route: { kind: "target", provider: "cloud", model: "gpt-5" }, surfaces: ["chat"] },
    },
    providers: {
      cloud: { name: "cloud", kind: "openai-compatible", base_url: `${upstream.origin}/v1`, timeouts },
    },
  });
  await gateway.publish(tenant);
});
afterAll(async () => {
  for (const each of [gateway, open, local]) await each?.close();
  await upstream?.close();
});

const head = { id: "chatcmpl-1", created: 1_700_000_000, model: "gpt-5-2025" };
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
const completion = {
  ...head,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, logprobs: null, finish_reason: "stop" }],
  usage,
};
const chunk = (delta: object, finish: string | null = null) => ({
  ...head,
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const ask = (more: object = {}) => ({ model: "m", messages: [{ role: "user", content: "hi" }], ...more });

/** https://www.w3.org/TR/server-timing/#the-server-timing-header-field, with durations only. */
function timings(response: Response): string[] {
  const value = response.headers.get("server-timing") ?? "";
  expect(value).toMatch(/^[a-z-]+;dur=\d+(\.\d{1,2})?(, [a-z-]+;dur=\d+(\.\d{1,2})?)*$/);
  return value.split(", ").map((metric) => metric.slice(0, metric.indexOf(";")));
}

async function scrape(accept = "text/plain") {
  const response = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}`, accept } });
  expect(response.status).toBe(200);
  const families = parseMetrics(await response.text(), accept === "text/plain" ? "prometheus" : "openmetrics");
  const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
    families
      .get(name.replace(/_(total|count|sum)$/, ""))
      ?.samples.find(
        (sample) =>
          sample.name === name && Object.entries(labels).every(([key, wanted]) => sample.labels[key] === wanted),
      )?.value;
  return { response, families, value };
}

describe("server-timing", () => {
  it("names the stages of an inference and the total, whole and streamed, and of a refusal", async () => {
    upstream.answer(json(completion));
    const whole = await gateway.post("/v1/chat/completions", tenant, ask());
    expect(timings(whole)).toEqual(expect.arrayContaining(["authenticate", "resolve", "cache", "dispatch", "total"]));
    await whole.text();
    upstream.answer(sse([chunk({ content: "Hi" }), chunk({}, "stop"), { ...head, choices: [], usage }]));
    const streamed = await gateway.post("/v1/chat/completions", tenant, ask({ stream: true }));
    expect(timings(streamed).at(-1)).toBe("total");
    await streamed.text();
    const refused = await gateway.post("/v1/chat/completions", tenant, ask({ model: "nobody" }));
    expect([refused.status, timings(refused)]).toMatchObject([404, expect.arrayContaining(["authenticate", "total"])]);
  });

  it.each([
    ["a page", "/"],
    ["the document", "/openapi.json"],
    ["liveness", "/healthz"],
    ["readiness", "/readyz"],
    ["metrics", "/metrics"],
    ["the control API", "/api/v1/me"],
    ["models", "/v1/models"],
    ["nothing", "/nowhere"],
  ])("is on the answer of %s", async (_name, path) => {
    const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${tenant.key}` } });
    expect(timings(response)).toEqual(["total"]);
    await response.text();
  });

  it("is on the answer to a caller without a key, and to a preflight", async () => {
    expect(timings(await gateway.post("/v1/chat/completions", { key: "wrong" }, ask()))).toContain("total");
    const preflight = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "OPTIONS",
      headers: { origin: ORIGIN },
    });
    expect(timings(preflight)).toEqual(["total"]);
  });

  it("may be read by the pages that may call, and by no other", async () => {
    const of = async (origin: string) => (await fetch(`${gateway.url}/v1/models`, { headers: { origin } })).headers;
    const allowed = await of(ORIGIN);
    expect(allowed.get("timing-allow-origin")).toBe(ORIGIN);
    expect(allowed.get("access-control-expose-headers")).toContain("server-timing");
    expect((await of("https://other.test")).get("timing-allow-origin")).toBeNull();
    const document = await fetch(`${gateway.url}/openapi.json`);
    expect(document.headers.get("timing-allow-origin")).toBe("*");
    await document.text();
  });
});

describe("GET /metrics", () => {
  it("counts what was asked, answered, called and consumed, in both formats", async () => {
    upstream.answer(json(completion));
    const before = await scrape();
    await (await gateway.post("/v1/chat/completions", tenant, ask())).text();
    upstream.answer(json({ error: { message: "broken" } }, 500));
    await (await gateway.post("/v1/chat/completions", tenant, ask())).text();
    await eventually(async () => {
      const { value, response } = await scrape();
      const grown = (name: string, labels: Record<string, string> = {}) =>
        (value(name, labels) ?? 0) - (before.value(name, labels) ?? 0);
      expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect(grown("millrace_exchanges_total", { surface: "chat", status: "ok", code: "200", cache: "off" })).toBe(1);
      expect(grown("millrace_http_requests_total", { route: "chat", code: "200" })).toBe(1);
      expect(grown("millrace_exchange_overhead_seconds_count", { surface: "chat" })).toBe(2);
      expect(grown("millrace_stage_duration_seconds_count", { stage: "resolve" })).toBe(2);
      expect(grown("millrace_attempts_total", { provider: "cloud", outcome: "ok", error: "none" })).toBe(1);
      expect(grown("millrace_attempts_total", { provider: "cloud", outcome: "failed" })).toBeGreaterThan(0);
      const tokens = { provider: "cloud", model: "gpt-5", source: "provider" };
      expect(grown("millrace_tokens_total", { ...tokens, direction: "input" })).toBe(11);
      expect(grown("millrace_tokens_total", { ...tokens, direction: "output" })).toBe(7);
      expect(grown("millrace_unpriced_exchanges_total", { provider: "cloud" })).toBeGreaterThan(0);
      expect(grown("millrace_trace_writes_total", { place: "outbox" })).toBe(2);
      expect(value("millrace_circuit_state", { provider: "cloud", model: "gpt-5" })).toBe(0);
      expect(value("millrace_isolates")).toBe(1);
    });
    const { response, families } = await scrape("application/openmetrics-text; version=1.0.0");
    expect(response.headers.get("content-type")).toMatch(/^application\/openmetrics-text; version=1.0.0/);
    expect(families.get("millrace_cost_usd")?.unit).toBe("usd");
  });

  it("carries nothing that names a tenant", async () => {
    const response = await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const text = await response.text();
    for (const secret of [
      tenant.environmentId,
      tenant.bundle.project.id,
      tenant.bundle.project.slug,
      "key_1",
      "nobody",
    ])
      expect(text).not.toContain(secret);
  });

  it("is for the operator's token, and for the local stack's own machine", async () => {
    const status = async (of: GatewayUnderTest, headers: Record<string, string> = {}) => {
      const response = await fetch(`${of.url}/metrics`, { headers });
      const { code } = response.ok ? { code: "" } : ((await response.json()) as { code: string });
      return [response.status, code];
    };
    expect(await status(gateway)).toEqual([401, "missing-key"]);
    expect(await status(gateway, { authorization: `Bearer ${tenant.key}` })).toEqual([401, "invalid-key"]);
    expect(await status(open)).toEqual([403, "permission-denied"]);
    expect(await status(local)).toEqual([200, ""]);
    expect(await status(local, { "x-forwarded-for": "203.0.113.1" })).toEqual([403, "permission-denied"]);
  });
});

describe("a caller's trace context", () => {
  it("is kept with the trace, and so are the reasons of the stages", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    upstream.answer(json(completion));
    const response = await gateway.post("/v1/chat/completions", { ...tenant, headers: { traceparent } }, ask());
    await response.text();
    const id = response.headers.get("x-millrace-trace");
    await eventually(async () => {
      const spans = (await gateway.state()).traces.find(({ record }) => record.id === id)?.record.spans ?? [];
      const of = (name: string) => spans.find((span) => span.name === name)?.attributes;
      expect(of("authenticate")).toEqual({ traceparent });
      expect(of("cache")).toEqual({ reason: "not-asked" });
      expect(of("attempt")).toMatchObject({ provider_kind: "openai-compatible", server_address: "127.0.0.1" });
    });
  });
});
