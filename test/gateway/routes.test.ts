import { type Model, modelSchema, type Provider, providerSchema } from "@millrace/core/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { json, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { type GatewayUnderTest, newTenant, startGateway, type Tenant } from "../support/gateway.ts";

const completion = (content: string) => ({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "upstream",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
});
const at = (provider: string, more: object = {}) => ({ kind: "target", provider, model: `${provider}-model`, ...more });

describe("routes", () => {
  let one: Upstream;
  let two: Upstream;
  let gateway: GatewayUnderTest;

  beforeAll(async () => {
    [one, two] = await Promise.all([startUpstream(), startUpstream()]);
    gateway = await startGateway({
      ALLOWED_PRIVATE_HOSTS: [one, two].map(({ origin }) => new URL(origin).host).join(","),
      SECRET_ACME_KEY_A: "key-a-secret",
      SECRET_ACME_KEY_B: "key-b-secret",
    });
  });
  afterAll(async () => {
    await Promise.all([gateway.close(), one.close(), two.close()]);
  });
  beforeEach(() => {
    one.answer(json(completion("one")));
    two.answer(json(completion("two")));
  });

  async function tenantOf(
    route: object,
    more: { readonly one?: object; readonly model?: object } = {},
  ): Promise<Tenant> {
    const provider = (name: string, { origin }: Upstream, extra: object = {}): Provider =>
      providerSchema.parse({ name, kind: "openai-compatible", base_url: `${origin}/v1`, secret: "KEY_A", ...extra });
    const model: Model = modelSchema.parse({ name: "chat", route, ...more.model });
    const tenant = newTenant({
      models: { chat: model },
      providers: { one: provider("one", one, more.one), two: provider("two", two) },
    });
    await gateway.publish(tenant);
    return tenant;
  }
  const ask = (fields: object = {}) => ({ model: "chat", messages: [{ role: "user", content: "Hi" }], ...fields });
  async function said(tenant: Tenant, fields: object = {}): Promise<string> {
    const response = await gateway.post("/v1/chat/completions", tenant, ask(fields));
    const body = (await response.json()) as { choices?: [{ message: { content: string } }]; error?: { code: string } };
    return body.choices?.[0].message.content ?? body.error?.code ?? "";
  }

  it("answer from the next target when the first fails, and leave it alone while it is not well", async () => {
    const tenant = await tenantOf(
      { kind: "fallback", routes: [at("one"), at("two")] },
      { model: { resilience: { backoff_ms: 0 } } },
    );
    one.answer(json({ error: { message: "broken" } }, 500));
    for (let call = 0; call < 6; call++) expect(await said(tenant)).toBe("two");
    const asked = one.requests.length;
    expect(await said(tenant)).toBe("two");
    expect(one.requests.length).toBe(asked);
  });

  it.each([429, 503, 401])(
    "go on after a %i with another model of the same key, and with another provider's key of the same name",
    async (status) => {
      one.answer(({ json: { model } }) =>
        model === "full" ? json({ error: { message: "not now" } }, status) : json(completion("one")),
      );
      const full = at("one", { model: "full" });
      const resilience = { backoff_ms: 0, retries_per_target: 0 };
      const elsewhere = await tenantOf({ kind: "fallback", routes: [full, at("two")] }, { model: { resilience } });
      expect(await said(elsewhere)).toBe("two");
      // A refused key is refused for all of its models.
      if (status === 401) return;
      const smaller = await tenantOf({ kind: "fallback", routes: [full, at("one")] }, { model: { resilience } });
      expect(await said(smaller)).toBe("one");
    },
  );

  it("choose by condition, and by what a request needs", async () => {
    const byRegion = await tenantOf({
      kind: "conditional",
      branches: [{ when: { field: "metadata.region", is: "equals", value: "eu" }, route: at("two") }],
      otherwise: at("one"),
    });
    expect(await said(byRegion)).toBe("one");
    expect(await said(byRegion, { metadata: { region: "eu" } })).toBe("two");
    const noTools = { capabilities: { tools: false } };
    const byNeed = await tenantOf({ kind: "fallback", routes: [at("one", noTools), at("two")] });
    const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
    expect([await said(byNeed), await said(byNeed, { tools })]).toEqual(["one", "two"]);
  });

  it("refuse with what was missing, and call nobody", async () => {
    const tenant = await tenantOf(at("one", { capabilities: { images: false }, context_tokens: 100 }));
    const asked = one.requests.length;
    const content = [{ type: "image_url", image_url: { url: "https://x.example/y.png" } }];
    const response = await gateway.post(
      "/v1/chat/completions",
      tenant,
      ask({ messages: [{ role: "user", content }], max_tokens: 10 }),
    );
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("no-capable-target");
    expect(error.message).toMatch(/one\/one-model lacks images, context \(about \d+ tokens of 100\)/);
    expect(one.requests.length).toBe(asked);
  });

  it("keep a user with one branch", async () => {
    const tenant = await tenantOf({
      kind: "sticky",
      by: "user",
      routes: [
        { weight: 1, route: at("one") },
        { weight: 1, route: at("two") },
      ],
    });
    const answers = new Set<string>();
    for (const user of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      const first = await said(tenant, { user });
      expect(await said(tenant, { user })).toBe(first);
      answers.add(first);
    }
    expect(answers).toEqual(new Set(["one", "two"]));
  });

  it("let keys take turns, and go on with the other when one is refused", async () => {
    const tenant = await tenantOf(at("one"), { one: { secret: undefined, secrets: ["KEY_A", "KEY_B"] } });
    const keys = () => one.requests.slice(from).map(({ headers }) => headers["authorization"]);
    let from = one.requests.length;
    await said(tenant);
    await said(tenant);
    expect(new Set(keys())).toEqual(new Set(["Bearer key-a-secret", "Bearer key-b-secret"]));
    one.answer((request) =>
      request.headers["authorization"] === "Bearer key-a-secret"
        ? json({ error: { message: "no" } }, 401)
        : json(completion("one")),
    );
    for (let call = 0; call < 4; call++) expect(await said(tenant)).toBe("one");
    from = one.requests.length;
    for (let call = 0; call < 4; call++) await said(tenant);
    expect(new Set(keys())).toEqual(new Set(["Bearer key-b-secret"]));
  });

  it("serve a cached answer whichever target gave it, and resolve to the same hash", async () => {
    const tenant = await tenantOf({
      kind: "weighted",
      routes: [
        { weight: 1, route: at("one") },
        { weight: 1, route: at("two") },
      ],
    });
    const headers = { "x-millrace-cache": "ttl=60" };
    const answers = [];
    for (let call = 0; call < 6; call++) {
      const response = await gateway.post("/v1/chat/completions", { ...tenant, headers }, ask());
      answers.push([response.headers.get("x-millrace-resolved"), await response.text()].join());
    }
    expect(new Set(answers).size).toBe(1);
  });

  it("hold a provider to its cap among all callers", async () => {
    const tenant = await tenantOf({ kind: "fallback", routes: [at("one"), at("two")] }, { one: { max_concurrent: 2 } });
    let finish = (): void => undefined;
    const until = new Promise<void>((resolve) => (finish = resolve));
    one.answer({ steps: [{ until }, { write: JSON.stringify(completion("one")) }] });
    const [asked, elsewhere] = [one.requests.length, two.requests.length];
    const calls = Promise.all(Array.from({ length: 8 }, () => said(tenant)));
    await expect.poll(() => two.requests.length - elsewhere).toBe(6);
    expect(one.requests.length - asked).toBe(2);
    finish();
    expect((await calls).filter((text) => text === "one")).toHaveLength(2);
  });
});
