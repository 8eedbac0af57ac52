import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { TargetHealthService, TargetNews } from "../health/health-service.ts";
import type { ServiceNamespace } from "../config.ts";

const { TARGET_HEALTH } = env as unknown as { readonly TARGET_HEALTH: ServiceNamespace<TargetHealthService> };
const quiet: TargetNews = { outcomes: { ok: 0, failed: 0, trailingFailures: 0 }, firstTokensMs: [], probe: undefined };
const broken: TargetNews = { ...quiet, outcomes: { ok: 0, failed: 5, trailingFailures: 5 } };

describe("TargetHealth", () => {
  it("keeps circuits, troubled keys and leases of places through an eviction, and environments apart", async () => {
    const object = TARGET_HEALTH.getByName("env_1");
    const untilMs = Date.now() + 60_000;
    await object.report({
      isolate: "a",
      targets: { t: broken },
      keys: { k: { trouble: { kind: "dead", untilMs, strikes: 1 }, places: undefined } },
    });
    expect(await object.leasePlaces({ isolate: "a", key: "k", cap: 3, places: 2 })).toMatchObject({ places: 2 });
    await evictDurableObject(object as unknown as Parameters<typeof evictDurableObject>[0]);
    const asks = { isolate: "b", targets: { t: quiet }, keys: { k: { trouble: undefined, places: undefined } } };
    const told = await TARGET_HEALTH.getByName("env_1").report(asks);
    expect(told.targets["t"]?.circuit.phase).toBe("open");
    expect(told.keys["k"]?.trouble).toEqual({ kind: "dead", untilMs, strikes: 1 });
    expect(
      await TARGET_HEALTH.getByName("env_1").leasePlaces({ isolate: "b", key: "k", cap: 3, places: 3 }),
    ).toMatchObject({ places: 1 });
    const other = await TARGET_HEALTH.getByName("env_2").report(asks);
    expect(other.targets["t"]?.circuit.phase).toBe("closed");
    expect(other.keys["k"]?.trouble).toBeUndefined();
  });

  it("leases no probe of a circuit that is closed or still open", async () => {
    const object = TARGET_HEALTH.getByName("env_3");
    expect((await object.leaseProbe("t")).granted).toBe(false);
    await object.report({ isolate: "a", targets: { t: broken }, keys: {} });
    expect((await object.leaseProbe("t")).granted).toBe(false);
  });
});
