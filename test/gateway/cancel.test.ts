import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Script, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

let upstream: Upstream;
let gateway: GatewayUnderTest;
let tenant: Tenant;

beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host });
  // Far longer than a test may take: only the caller's leaving can end these calls.
  const timeouts = { headers_ms: 600_000, first_token_ms: 600_000, gap_ms: 600_000, total_ms: 600_000 };
  tenant = newTenant({
    models: { small: { name: "small", route: { kind: "target", provider: "cloud", model: "s" }, surfaces: ["chat"] } },
    providers: {
      cloud: { name: "cloud", kind: "openai-compatible", base_url: `${upstream.origin}/v1`, timeouts },
    },
  });
  await gateway.publish(tenant);
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

const silences: readonly (readonly [string, Script])[] = [
  ["before its headers", { silent: true }],
  ["before its first token", { headers: { "content-type": "text/event-stream" }, steps: [{ hang: true }] }],
];

describe.each(silences)("a caller who leaves while the model is silent %s", (_when, script) => {
  it.each([true, false])("ends the call upstream and is recorded (stream: %s)", async (stream) => {
    upstream.answer(script);
    const before = upstream.requests.length;
    const leaving = new AbortController();
    const body = { model: "small", stream, messages: [{ role: "user", content: "hi" }] };
    const call = gateway.post("/v1/chat/completions", { ...tenant, signal: leaving.signal }, body);
    const left = expect(call).rejects.toThrow();
    await eventually(async () => expect(upstream.requests.length).toBe(before + 1));
    leaving.abort();
    await left;
    await upstream.requests.at(-1)?.aborted;
    await eventually(async () =>
      expect((await gateway.state()).traces.at(-1)?.record).toMatchObject({
        status: "cancelled",
        http_status: 499,
        error_code: "client-closed",
      }),
    );
  });
});
