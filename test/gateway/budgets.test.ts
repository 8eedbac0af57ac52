import { type Budget, budgetSchema, priceSchema } from "@millrace/core/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { json, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

let upstream: Upstream;
let gateway: GatewayUnderTest;
beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host });
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});
beforeEach(() => {
  upstream.answer(json(completion));
});

const month = { kind: "calendar", unit: "month" };
const minute = { kind: "rolling", seconds: 60 };
const completion = {
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [
    { index: 0, message: { role: "assistant", content: "hi", refusal: null }, logprobs: null, finish_reason: "stop" },
  ],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};
const ask = { model: "small", max_tokens: 20, messages: [{ role: "user", content: "hello" }] };

interface TenantFields {
  readonly priced?: boolean;
  readonly headersMs?: number;
}

async function tenantWith(budgets: readonly object[], fields: TenantFields = {}): Promise<Tenant> {
  const timeouts = { headers_ms: fields.headersMs ?? 5_000, first_token_ms: 5_000, gap_ms: 5_000, total_ms: 10_000 };
  const price = priceSchema.parse({
    scope: { provider: "local" },
    model: "m",
    rates: { input: 1_000_000, output: 1_000_000 },
  });
  const tenant = newTenant({
    models: { small: { name: "small", route: { kind: "target", provider: "local", model: "m" }, surfaces: ["chat"] } },
    providers: { local: { name: "local", kind: "runner", base_url: `${upstream.origin}/v1`, timeouts } },
    budgets: budgets.map((each): Budget => budgetSchema.parse({ name: "b", scope: "project", window: month, ...each })),
    prices: fields.priced === true ? [{ origin: "override", price }] : [],
  });
  await gateway.publish(tenant);
  return tenant;
}
const post = (tenant: Tenant, body: object = ask, headers = {}) =>
  gateway.post("/v1/chat/completions", { key: tenant.key, headers }, body);
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string; limit?: object } }).error;
async function usage(tenant: Tenant): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${gateway.url}/api/v1/budgets/usage`, {
    headers: { authorization: `Bearer ${tenant.key}` },
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: Record<string, unknown>[] }).data;
}

describe("a budget", () => {
  it("admits while there is room, says how much is left, and books what the provider reported", async () => {
    const tenant = await tenantWith([{ limit: { tokens: 10_000, requests: 3 } }]);
    const response = await post(tenant);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-ratelimit-limit-tokens")).toBe("10000");
    expect(response.headers.get("x-ratelimit-remaining-requests")).toBe("2");
    expect(response.headers.get("x-ratelimit-reset-tokens")).toMatch(/^\d+h\d+m\d+s$/);
    expect(await usage(tenant)).toMatchObject([
      { budget: "b", subject: null, spent: { requests: 1, tokens: 15 }, reserved: { requests: 0, tokens: 0 } },
    ]);
  });

  it("counts what was sent to a server that took it and never answered, and the trace says that its cost is unknown", async () => {
    const limit = { tokens: 10_000, usd_micros: 10_000 };
    const tenant = await tenantWith([{ limit }], { priced: true, headersMs: 100 });
    upstream.answer({ silent: true });
    const response = await post(tenant);
    expect(response.status).toBe(504);
    await eventually(async () => {
      const [row] = await usage(tenant);
      expect(row).toMatchObject({ reserved: { tokens: 0 }, unknown: { tokens: 0, cost: 0 } });
      const { spent } = row as { spent: { tokens: number; usd_micros: number } };
      expect(spent.tokens).toBeGreaterThan(0);
      expect(spent.tokens).toBeLessThan(20);
      expect(spent.usd_micros).toBe(spent.tokens);
    });
    const id = response.headers.get("x-millrace-trace");
    await eventually(async () => {
      const trace = (await gateway.state()).traces.find(({ record }) => record.id === id);
      expect(trace?.record.cost_usd_micros).toBeNull();
    });
  });

  it("of requests in a short window refuses with 429, a time to come back, and the account in numbers", async () => {
    const tenant = await tenantWith([{ window: minute, limit: { requests: 1 } }]);
    await (await post(tenant)).text();
    const refused = await post(tenant);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(30);
    expect(refused.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    expect(await errorOf(refused)).toMatchObject({
      code: "rate-limited",
      limit: { budget: "b", account: "project:", metric: "requests", limit: 1, spent: 1, reserved: 0, asked: 1 },
    });
    await eventually(async () => {
      const { traces } = await gateway.state();
      const own = traces.filter(({ record }) => record.environment_id === tenant.environmentId);
      const reasons = own.map(
        ({ record }) => record.spans.find((span) => span.name === "reserve")?.attributes["decision"],
      );
      expect(reasons).toEqual(["held", "refused"]);
    });
  });

  it("of money refuses with 402, and a request that it could never hold is told so", async () => {
    const tenant = await tenantWith([{ limit: { usd_micros: 50 } }], { priced: true });
    const refused = await post(tenant);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([402, null]);
    expect((await errorOf(refused)).message).toMatch(/this request alone/);
  });

  it("of money refuses a target without a price, of tokens a request without a bound; what only tells lets both pass", async () => {
    const money = await tenantWith([{ limit: { usd_micros: 1_000_000 } }]);
    expect((await errorOf(await post(money))).code).toBe("unknown-price");
    const tokens = await tenantWith([{ limit: { tokens: 1_000_000 } }]);
    const { max_tokens: _bound, ...unbounded } = ask;
    expect((await errorOf(await post(tokens, unbounded))).code).toBe("unbounded-request");
    const soft = await tenantWith([{ limit: { usd_micros: 1 }, on_exceed: "alert" }]);
    expect((await post(soft, unbounded)).status).toBe(200);
    expect(await usage(soft)).toMatchObject([
      { spent: { tokens: 15, usd_micros: 0 }, unknown: { tokens: 0, cost: 1 } },
    ]);
  });

  it("is not touched by an answer from the cache, which is served even when it is spent", async () => {
    const tenant = await tenantWith([{ limit: { requests: 1 } }]);
    const cached = { "x-millrace-cache": "ttl=60" };
    await (await post(tenant, ask, cached)).text();
    await eventually(async () => {
      const hit = await post(tenant, ask, cached);
      expect([hit.status, hit.headers.get("x-millrace-cache")]).toEqual([200, "hit"]);
      await hit.text();
    });
    expect((await post(tenant, { ...ask, max_tokens: 21 }, cached)).status).toBe(402);
    expect(await usage(tenant)).toMatchObject([{ spent: { requests: 1 }, reserved: { requests: 0 } }]);
  });

  it("for each user has an account for each, and the usage of one project is nothing to another", async () => {
    const tenant = await tenantWith([{ scope: "user", limit: { requests: 1 } }]);
    for (const user of ["ana", "bob", "ana"]) await (await post(tenant, { ...ask, user })).text();
    const rows = await usage(tenant);
    const spentOf = rows.map(({ subject, spent }) => [subject, (spent as { requests: number }).requests] as const);
    expect(Object.fromEntries(spentOf)).toEqual({ ana: 1, bob: 1 });
    expect(await usage(await tenantWith([{ scope: "user", limit: { requests: 1 } }]))).toEqual([]);
  });

  it("costs nothing where none applies: the ledger is not asked", async () => {
    const tenant = await tenantWith([{ scope: "model", match: "other", limit: { requests: 1 } }]);
    const response = await post(tenant);
    expect([response.status, response.headers.get("x-ratelimit-limit-requests")]).toEqual([200, null]);
  });
});
