import { budgetSchema, priceSchema } from "@millrace/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gate, json } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { newTenant, type Tenant } from "../support/gateway.ts";
import { catalogOf, type MediaFixture, startMedia } from "./fixture.ts";

let at: MediaFixture;

beforeAll(async () => {
  at = await startMedia();
});
afterAll(async () => at?.close());

/** A tenant who may spend so much in a month, at one rate. */
async function spender(usdMicros: number, rates: object): Promise<Tenant> {
  const catalog = catalogOf(at.upstream.origin);
  const price = priceSchema.parse({ scope: { provider: "cloud" }, model: "all-upstream", rates });
  const budget = budgetSchema.parse({
    name: "month",
    scope: "project",
    window: { kind: "calendar", unit: "month" },
    limit: { usd_micros: usdMicros },
  });
  const tenant = newTenant({ ...catalog, prices: [{ origin: "override", price }], budgets: [budget] });
  await at.gateway.publish(tenant);
  return tenant;
}
const say = (tenant: Tenant, input: string) =>
  at.gateway.post("/v1/audio/speech", tenant, { model: "all", input, voice: "alloy" });
const spent = async ({ key }: Tenant): Promise<unknown> => {
  const response = await fetch(`${at.gateway.url}/api/v1/budgets/usage`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { data } = (await response.json()) as { data: { spent: object; reserved: object }[] };
  return data[0];
};

describe("a budget", () => {
  it("holds speech by its characters, settles what was spoken, and refuses what it has no room for", async () => {
    const tenant = await spender(100, { characters: 15_000_000 });
    at.upstream.answer({ headers: { "content-type": "audio/mpeg" }, steps: [{ write: "sound" }] });
    const first = await say(tenant, "hello");
    expect(await first.text()).toBe("sound");
    await eventually(async () =>
      expect(await spent(tenant)).toMatchObject({ spent: { usd_micros: 75 }, reserved: { usd_micros: 0 } }),
    );
    const second = await say(tenant, "hello");
    expect(second.status).toBe(402);
    expect(await second.json()).toMatchObject({ error: { code: "budget-exceeded" } });
  });

  it("counts pictures by their number", async () => {
    const tenant = await spender(100_000, { images: 40_000_000_000 });
    at.upstream.answer(
      json({ created: 1, data: [{ url: "https://images.test/1" }, { url: "https://images.test/2" }] }),
    );
    const ask = (n: number) => at.gateway.post("/v1/images/generations", tenant, { model: "all", prompt: "a mill", n });
    expect((await ask(3)).status).toBe(402);
    const made = await ask(2);
    await made.text();
    expect((await at.traceOf(made)).record.cost_usd_micros).toBe(80_000);
    await eventually(async () => expect(await spent(tenant)).toMatchObject({ spent: { usd_micros: 80_000 } }));
  });

  it("refuses what it cannot price, before anything is asked", async () => {
    const tenant = await spender(100, { audio_seconds: 1 });
    const before = at.upstream.requests.length;
    const own = { ...tenant, bundle: { ...tenant.bundle, prices: [] } };
    await at.gateway.publish(own);
    await eventually(async () => {
      const response = await say(own, "hi");
      expect(await response.json()).toMatchObject({ error: { code: "unknown-price" } });
    });
    expect(at.upstream.requests.length - before).toBeLessThanOrEqual(1);
  });
});

describe("a caller who leaves", () => {
  it("ends the work upstream, and what it cost is unknown, not nothing", async () => {
    const hold = gate();
    at.upstream.answer({
      headers: { "content-type": "audio/mpeg" },
      steps: [{ write: "first" }, { until: hold.opened }, { write: "second" }],
    });
    const controller = new AbortController();
    const response = await at.gateway.post(
      "/v1/audio/speech",
      { ...at.tenant, signal: controller.signal },
      { model: "all", input: "hello", voice: "alloy" },
    );
    const reader = response.body?.getReader();
    await reader?.read();
    controller.abort();
    await at.upstream.requests.at(-1)?.aborted;
    hold.open();
    const { record } = await at.traceOf(response);
    expect(record).toMatchObject({ status: "cancelled", http_status: 499, cost_usd_micros: null });
  });
});
