import type { Bundle } from "@millrace/core/contract";
import { closureHash } from "@millrace/core/prompt";
import { promptContentSchema } from "@millrace/core/contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { json, sse, startUpstream, type Upstream } from "../fakes/upstream.ts";
import { eventually } from "../support/eventually.ts";
import {
  type Caller,
  type GatewayUnderTest,
  newTenant,
  startGateway,
  type Tenant,
  type TenantOptions,
} from "../support/gateway.ts";

let upstream: Upstream;
let gateway: GatewayUnderTest;

const timeouts = { headers_ms: 2000, first_token_ms: 2000, gap_ms: 2000, total_ms: 5000 };

function promptsOf(system: string, cacheTtlSeconds?: number): Pick<Bundle, "prompts" | "versions"> {
  const content = promptContentSchema.parse({
    system,
    messages: [{ slot: "input" }],
    variables: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    settings: {
      model: "small",
      temperature: 0.2,
      ...(cacheTtlSeconds === undefined ? {} : { cache_ttl_seconds: cacheTtlSeconds }),
    },
  });
  const hash = closureHash(content, {});
  return {
    prompts: {
      reply: { id: `prm_${"0".repeat(32)}`, labels: { production: hash, gone: null }, numbers: { "3": hash } },
    },
    versions: { [hash]: { prompt: "reply", version: 3, content, includes: {} } },
  };
}

function tenantOf(options: TenantOptions = {}): Tenant {
  return newTenant({
    models: { small: { name: "small", route: { kind: "target", provider: "local", model: "m" }, surfaces: ["chat"] } },
    providers: { local: { name: "local", kind: "runner", base_url: `${upstream.origin}/v1`, timeouts } },
    prompts: promptsOf("You help {{name}}."),
    ...options,
  });
}

beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway({ ALLOWED_PRIVATE_HOSTS: new URL(upstream.origin).host });
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});
afterEach(() => gateway.order({ hub: "well", outbox: "well" }));

let answers = 0;
const completion = (): object => ({
  id: `chatcmpl-${++answers}`,
  object: "chat.completion",
  created: 1_700_000_000,
  model: "m",
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: `answer ${answers}`,
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      logprobs: null,
      finish_reason: "tool_calls",
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
});
const ask = { model: "small", messages: [{ role: "user", content: "hi" }] };
const named = { model: "prompt:reply", prompt: { variables: { name: "Ada" } }, messages: ask.messages };

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { code: string } }).error.code;
}

describe("keys", () => {
  it("answers a wrong, a malformed and an unknown environment's key alike", async () => {
    const tenant = tenantOf();
    await gateway.publish(tenant);
    const wrong = { key: tenant.key.slice(0, -1) + (tenant.key.endsWith("A") ? "B" : "A") };
    const bodies = await Promise.all(
      [wrong, { key: "nonsense" }, { key: tenantOf().key }].map(async (who) => {
        const response = await gateway.post("/v1/chat/completions", who, ask);
        const { error } = (await response.json()) as { error: object };
        return { status: response.status, error };
      }),
    );
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
    expect(bodies[0]).toMatchObject({ status: 401, error: { code: "invalid-key" } });
  });

  it("refuses a key without the permission, an expired one, and none at all", async () => {
    const tenant = tenantOf();
    const [hash] = Object.keys(tenant.bundle.keys);
    tenant.bundle.keys[hash!]!.permissions = ["traces:read"];
    await gateway.publish(tenant);
    expect(await codeOf(await gateway.post("/v1/chat/completions", tenant, ask))).toBe("permission-denied");
    const expired = tenantOf();
    const [other] = Object.keys(expired.bundle.keys);
    expired.bundle.keys[other!]!.expires_at = "2020-01-01T00:00:00Z";
    await gateway.publish(expired);
    expect(await codeOf(await gateway.post("/v1/chat/completions", expired, ask))).toBe("invalid-key");
    expect(await codeOf(await fetch(`${gateway.url}/v1/models`))).toBe("missing-key");
  });

  it("stops a revoked key within the staleness bound", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant);
    expect((await gateway.post("/v1/chat/completions", tenant, ask)).status).toBe(200);
    await gateway.publish({ ...tenant, bundle: { ...tenant.bundle, keys: {} } });
    await eventually(async () => {
      expect((await gateway.post("/v1/chat/completions", tenant, ask)).status).toBe(401);
    }, 5_000);
  });

  it("asks the hub at a bounded rate for made-up environments", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 80 }, async () => {
        const response = await gateway.post("/v1/chat/completions", tenantOf(), ask);
        await response.text();
        return response.status;
      }),
    );
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
  });
});

describe("bundles", () => {
  it("serve on and say so when the hub is away or hangs", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await eventually(() => gateway.publish(tenant));
    await eventually(async () => {
      expect((await gateway.post("/v1/chat/completions", tenant, ask)).status).toBe(200);
    });
    for (const hub of ["away", "hang"]) {
      await gateway.order({ hub });
      await eventually(async () => {
        const response = await gateway.post("/v1/chat/completions", tenant, ask);
        expect(response.status).toBe(200);
        expect(response.headers.get("x-millrace-config")).toMatch(/^stale; age=\d+$/);
      });
    }
    await gateway.order({ hub: "well" });
    await eventually(async () => {
      const response = await gateway.post("/v1/chat/completions", tenant, ask);
      expect(response.headers.get("x-millrace-config")).toBeNull();
    });
  });

  it("come from KV to an isolate that starts while the hub is away", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant, { kvOnly: true });
    await gateway.order({ hub: "away" });
    await eventually(async () => {
      const response = await gateway.post("/v1/chat/completions", tenant, ask);
      expect(response.status).toBe(200);
      expect(response.headers.get("x-millrace-config")).toMatch(/^stale/);
    });
  });

  it("are refused when the signature is not the functions Worker's, and the last good one serves on", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant);
    await eventually(async () => {
      expect((await gateway.post("/v1/chat/completions", tenant, ask)).status).toBe(200);
    });
    await gateway.publish({ ...tenant, bundle: { ...tenant.bundle, keys: {} } }, { forged: true });
    await eventually(async () => {
      const response = await gateway.post("/v1/chat/completions", tenant, ask);
      expect([response.status, response.headers.get("x-millrace-config")?.slice(0, 5)]).toEqual([200, "stale"]);
    });
    const stranger = tenantOf();
    await gateway.publish(stranger, { forged: true });
    await eventually(async () => {
      expect(await codeOf(await gateway.post("/v1/chat/completions", stranger, ask))).toBe("config-unavailable");
    });
  });
});

describe("named prompts", () => {
  it("are rendered with the caller's variables, and a moved label is live within the bound", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant);
    const response = await gateway.post("/v1/chat/completions", tenant, { ...named, max_tokens: 5 });
    expect(response.headers.get("x-millrace-prompt")).toBe("reply@3; label=production");
    expect(response.headers.get("x-millrace-tier")).toBe("local");
    expect(upstream.requests.at(-1)?.json).toMatchObject({
      model: "m",
      temperature: 0.2,
      max_tokens: 5,
      messages: [
        { role: "system", content: "You help Ada." },
        { role: "user", content: "hi" },
      ],
    });
    expect(upstream.requests.at(-1)?.json).not.toHaveProperty("prompt");
    await gateway.publish({ ...tenant, bundle: { ...tenant.bundle, ...promptsOf("You serve {{name}}.") } });
    await eventually(async () => {
      await gateway.post("/v1/chat/completions", tenant, named);
      expect(upstream.requests.at(-1)?.json["messages"]).toContainEqual({ role: "system", content: "You serve Ada." });
    }, 5_000);
  });

  it.each([
    ["a missing variable", { ...named, prompt: {} }, [422, "invalid-variables"]],
    ["a wrongly typed variable", { ...named, prompt: { variables: { name: 7 } } }, [422, "invalid-variables"]],
    ["an unknown label", { ...named, model: "prompt:reply@nope" }, [404, "unknown-label"]],
    ["a removed label", { ...named, model: "prompt:reply@gone" }, [410, "label-removed"]],
    ["a version that is not served", { ...named, model: "prompt:reply@9" }, [404, "unknown-version"]],
  ])("refuse %s", async (_name, body, [status, code]) => {
    const tenant = tenantOf();
    await gateway.publish(tenant);
    await eventually(async () => {
      const response = await gateway.post("/v1/chat/completions", tenant, body);
      expect([response.status, await codeOf(response)]).toEqual([status, code]);
    });
  });

  it("are listed beside the models", async () => {
    const tenant = tenantOf();
    await gateway.publish(tenant);
    await eventually(async () => {
      const response = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${tenant.key}` } });
      const { data } = (await response.json()) as { data: { id: string }[] };
      expect(data.map((model) => model.id)).toEqual(["small", "prompt:reply"]);
    });
  });
});

describe("the cache", () => {
  const cached = { headers: { "x-millrace-cache": "ttl=60" } };
  const text = async (
    who: Tenant,
    body: object,
    init: Pick<Caller, "headers"> = cached,
  ): Promise<[string | null, string]> => {
    const response = await gateway.post("/v1/chat/completions", { ...who, ...init }, body);
    return [response.headers.get("x-millrace-cache"), await response.text()];
  };
  /** The entry is written beside the answer. */
  const warm = async (who: Tenant, body: object): Promise<string> => {
    const [, first] = await text(who, body);
    await eventually(async () => expect((await text(who, body))[0]).toBe("hit"));
    return first;
  };

  it("replays a whole answer byte for byte, and as the stream that would have brought it", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant);
    const first = JSON.parse(await warm(tenant, ask)) as { id: string };
    const again = JSON.parse((await text(tenant, ask))[1]) as { id: string };
    expect(again.id).toMatch(/^chatcmpl-/);
    const streamed = await text(tenant, { ...ask, stream: true, stream_options: { include_usage: true } });
    expect(streamed[0]).toBe("hit");
    const events = streamed[1]
      .trim()
      .split("\n\n")
      .map((event) => event.slice("data: ".length));
    expect(events.at(-1)).toBe("[DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event) as Record<string, unknown>);
    expect(chunks[0]).toMatchObject({ id: again.id, choices: [{ delta: { tool_calls: [{ index: 0, id: "c1" }] } }] });
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 3 } });
    expect(first.id).toBeDefined();
  });

  it("replays a stream as a whole answer", async () => {
    const chunk = (delta: object, finish: string | null): object => ({
      id: "s1",
      object: "chat.completion.chunk",
      created: 1,
      model: "m",
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
    upstream.answer(
      sse([
        chunk({ role: "assistant", content: "a" }, null),
        chunk({ content: "b" }, null),
        chunk({}, "stop"),
        "[DONE]",
      ]),
    );
    const tenant = tenantOf();
    await gateway.publish(tenant);
    await warm(tenant, { ...ask, stream: true });
    const [state, whole] = await text(tenant, ask);
    expect(state).toBe("hit");
    expect(JSON.parse(whole)).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { content: "ab" }, finish_reason: "stop" }],
    });
  });

  it("never answers another tenant, another version or another request", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    const other = tenantOf();
    await gateway.publish(tenant);
    await gateway.publish(other);
    await warm(tenant, ask);
    await eventually(async () => {
      expect((await gateway.post("/v1/chat/completions", other, ask)).status).toBe(200);
    });
    const [state, foreign] = await text(other, ask);
    expect(state).toBe("miss");
    expect(foreign).not.toBe((await text(tenant, ask))[1]);
    expect((await text(tenant, { ...ask, temperature: 0.1 }))[0]).toBe("miss");
    expect((await text(tenant, named))[0]).toBe("miss");
  });

  it("stays out of it on no-store, without being asked, and for answers that broke", async () => {
    const tenant = tenantOf();
    await gateway.publish(tenant);
    upstream.answer(() => json({ ...completion(), choices: [] }));
    await eventually(async () => expect((await text(tenant, ask))[0]).toBe("miss"));
    upstream.answer(() => json(completion()));
    expect((await text(tenant, ask))[0]).toBe("miss");
    expect((await text(tenant, ask, { headers: { ...cached.headers, "cache-control": "no-store" } }))[0]).toBe("off");
    expect((await text(tenant, ask, {}))[0]).toBe("off");
    const odd = await gateway.post(
      "/v1/chat/completions",
      { ...tenant, headers: { "x-millrace-cache": "forever" } },
      ask,
    );
    expect(odd.status).toBe(400);
  });

  it("follows the prompt version's setting", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf({ prompts: promptsOf("Keep {{name}}.", 60) });
    await gateway.publish(tenant);
    await eventually(async () => expect((await text(tenant, named, {}))[0]).toBe("hit"));
  });
});

describe("traces", () => {
  const recorded = async (response: Response, where: "traces" | "queued"): Promise<boolean> => {
    const state = await gateway.state();
    return state[where].some((trace) => trace.record.id === response.headers.get("x-millrace-trace"));
  };

  it("go to the queue when the outbox is away", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant);
    await gateway.order({ outbox: "away" });
    const response = await gateway.post("/v1/chat/completions", tenant, ask);
    expect(response.status).toBe(200);
    await eventually(async () => expect(await recorded(response, "queued")).toBe(true));
  });

  it.each([
    ["a large exchange travel with its bodies", 60_000, false],
    ["an exchange that no row can hold keep their bodies in R2", 400_000, true],
  ])("of %s", async (_name, words, inR2) => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant);
    const large = { ...ask, messages: [{ role: "user", content: "long ".repeat(words) }] };
    // Line breaks between the tokens are the caller's own; a message is one line all the same.
    const response = await gateway.post("/v1/chat/completions", tenant, JSON.stringify(large, null, 2));
    await response.text();
    const { traces } = await gateway.state();
    const trace = traces.find((one) => one.record.id === response.headers.get("x-millrace-trace"));
    expect(trace?.bodies === null).toBe(inR2);
    const bodies: unknown = inR2 ? JSON.parse((await gateway.body(trace?.bodies_key ?? "")) ?? "{}") : trace?.bodies;
    expect(bodies).toMatchObject({ request: large, rendered: null });
  });

  it("of many requests at once share calls to the outbox, and none is missing", async () => {
    upstream.answer(() => json(completion()));
    const tenant = tenantOf();
    await gateway.publish(tenant);
    await eventually(async () => {
      expect((await gateway.post("/v1/chat/completions", tenant, ask)).status).toBe(200);
    });
    const before = (await gateway.state()).batches.length;
    const responses = await Promise.all(
      Array.from({ length: 100 }, () => gateway.post("/v1/chat/completions", tenant, ask)),
    );
    await Promise.all(responses.map((response) => response.text()));
    const { traces, batches } = await gateway.state();
    const ids = new Set(traces.map((trace) => trace.record.id));
    expect(responses.filter((response) => !ids.has(response.headers.get("x-millrace-trace") ?? ""))).toEqual([]);
    expect(batches.length - before).toBeLessThan(100);
  });
});

describe("other routes", () => {
  it("forward the control API with the principal and without the key", async () => {
    const tenant = tenantOf();
    await gateway.publish(tenant);
    await eventually(async () => {
      const response = await fetch(`${gateway.url}/api/v1/me`, { headers: { authorization: `Bearer ${tenant.key}` } });
      expect(await response.json()).toMatchObject({
        path: "/api/v1/me",
        principal: { environmentId: tenant.environmentId, keyId: "key_1" },
        authorization: null,
      });
    });
    const refused = await fetch(`${gateway.url}/api/v1/me`);
    expect([refused.status, refused.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
  });

  it("tell liveness and readiness without a key", async () => {
    expect(await (await fetch(`${gateway.url}/healthz`)).json()).toEqual({ status: "ok" });
    await eventually(async () => {
      const ready = await fetch(`${gateway.url}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([
        200,
        { status: "ok", parts: { control: { status: "ok" } } },
      ]);
    });
    await gateway.order({ hub: "away" });
    await eventually(async () => {
      const ready = await fetch(`${gateway.url}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([
        200,
        { status: "degraded", parts: { config: { status: "degraded" } } },
      ]);
    });
  });
});
