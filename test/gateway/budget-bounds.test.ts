import { budgetSchema, modelSchema, providerSchema } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { json, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

let one: Upstream;
let two: Upstream;
let gateway: GatewayUnderTest;
beforeAll(async () => {
  [one, two] = await Promise.all([startUpstream(), startUpstream()]);
  gateway = await startGateway({
    ALLOWED_PRIVATE_HOSTS: [one, two].map(({ origin }) => new URL(origin).host).join(","),
  });
});
afterAll(async () => {
  await Promise.all([gateway?.close(), one?.close(), two?.close()]);
});

const at = (provider: string) => ({ kind: "target", provider, model: `${provider}-model` });
const once = { retries_per_target: 0 };

interface Plan {
  readonly limit: number;
  readonly route?: object;
  readonly kind?: string;
}

async function tenantWith({ limit, route = at("one"), kind = "openai-compatible" }: Plan): Promise<Tenant> {
  const provider = (name: string, { origin }: Upstream, of: string) =>
    providerSchema.parse({ name, kind: of, base_url: `${origin}/v1` });
  const month = { kind: "calendar", unit: "month" };
  const tenant = newTenant({
    models: {
      chat: modelSchema.parse({ name: "chat", route, context_tokens: 200_000, resilience: once }),
      "only-two": modelSchema.parse({ name: "only-two", route: at("two"), resilience: once }),
    },
    providers: { one: provider("one", one, kind), two: provider("two", two, "openai-compatible") },
    budgets: [
      budgetSchema.parse({ name: "b", scope: "model", match: "chat", window: month, limit: { tokens: limit } }),
    ],
  });
  await gateway.publish(tenant);
  return tenant;
}
const ask = (fields: object) => ({ model: "chat", messages: [{ role: "user", content: "Hi" }], ...fields });

describe("what a budget reserves", () => {
  it("goes by the larger of two limits, because a server may know only that one", async () => {
    const tenant = await tenantWith({ limit: 5_000 });
    const body = ask({ max_completion_tokens: 1, max_tokens: 100_000 });
    expect((await gateway.post("/v1/chat/completions", tenant, body)).status).toBe(402);
    expect(one.requests).toEqual([]);
  });

  it("goes by what provider_options lift", async () => {
    const tenant = await tenantWith({ limit: 5_000, kind: "anthropic" });
    const body = ask({ max_tokens: 10, provider_options: { anthropic: { max_tokens: 64_000 } } });
    expect((await gateway.post("/v1/chat/completions", tenant, body)).status).toBe(402);
    expect(one.requests).toEqual([]);
  });

  it("goes by the context where the caller's own dialect asks for what the bytes do not bound", async () => {
    const tenant = await tenantWith({ limit: 5_000, kind: "anthropic" });
    const document = { type: "document", source: { type: "url", url: "https://example.com/book.pdf" } };
    const body = ask({ max_tokens: 10, messages: [{ role: "user", content: [document] }] });
    expect((await gateway.post("/v1/messages", tenant, body)).status).toBe(402);
    expect(one.requests).toEqual([]);
  });

  it("has room for a call of the last resort, or there is none", async () => {
    const tenant = await tenantWith({
      limit: 2_200,
      route: { kind: "fallback", routes: [at("two"), at("one")] },
    });
    two.answer(json({ error: { message: "down" } }, 500));
    for (let call = 0; call < 5; call++)
      await (await gateway.post("/v1/chat/completions", tenant, ask({ model: "only-two" }))).text();
    const before = two.requests.length;
    const tool_calls = [{ id: "a", type: "function", function: { name: "f", arguments: "{not json" } }];
    one.answer(
      json({
        id: "c",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: [{ index: 0, finish_reason: "tool_calls", message: { role: "assistant", content: null, tool_calls } }],
        usage: { prompt_tokens: 400, completion_tokens: 100, total_tokens: 500 },
      }),
    );
    const tools = [{ type: "function", function: { name: "f" } }];
    const answer = await gateway.post("/v1/chat/completions", tenant, ask({ max_tokens: 800, tools }));
    expect([answer.status, answer.headers.get("x-millrace-attempts")]).toEqual([502, "1"]);
    expect(two.requests.length).toBe(before);
  });
});
