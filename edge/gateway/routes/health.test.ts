import type { Readiness } from "@millrace/core/contract";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { type HealthDeps, readinessRoute } from "./health.ts";

const parts = ["hub", "store", "ledger", "health", "outbox", "telemetry", "runner"] as const;
type Part = (typeof parts)[number];

const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

interface World {
  readonly away?: readonly (Part | "control" | "database")[];
  readonly heldAgeMs?: number;
  readonly hasRunner?: boolean;
}

async function ask({ away = [], heldAgeMs, hasRunner = true }: World): Promise<[number, Readiness]> {
  const answer = async (part: (typeof away)[number]) => {
    if (away.includes(part)) throw new Error("away");
  };
  const ping = Object.fromEntries(parts.map((part) => [part, () => answer(part)])) as unknown as HealthDeps["ping"];
  const app = new Hono().get(
    "/readyz",
    readinessRoute({
      bundles: { oldestAgeMs: () => heldAgeMs },
      staleMs: 4000,
      ping: hasRunner ? ping : { ...ping, runner: undefined },
      askControl: async () => {
        await answer("control");
        return { database: !away.includes("database") };
      },
      nowMs: () => 0,
    }),
  );
  const response = await app.request("/readyz", {}, {}, context);
  return [response.status, (await response.json()) as Readiness];
}

describe("readiness", () => {
  it("is ok when every part answers, and tells how old the configuration is", async () => {
    const [status, readiness] = await ask({ heldAgeMs: 800.4 });
    expect([status, readiness.status]).toEqual([200, "ok"]);
    expect(readiness.parts["config"]).toEqual({ status: "ok", age_ms: 800 });
    expect(Object.keys(readiness.parts)).toEqual([
      "config",
      "control",
      "database",
      "ledger",
      "health",
      "outbox",
      "telemetry",
      "runner",
    ]);
  });

  it.each(["ledger", "health", "outbox", "telemetry", "runner", "control", "database"] as const)(
    "is degraded, and still in service, without its %s, and says what that means",
    async (part) => {
      const [status, readiness] = await ask({ away: [part], heldAgeMs: 1 });
      expect([status, readiness.status]).toEqual([200, "degraded"]);
      expect(readiness.parts[part]?.status).toBe("degraded");
      expect(readiness.parts[part]?.detail).toMatch(/does not answer/);
    },
  );

  it("is degraded without a hub while a bundle is held, or the store has one", async () => {
    const [status, held] = await ask({ away: ["hub", "store"], heldAgeMs: 9000 });
    expect([status, held.parts["config"]]).toEqual([
      200,
      {
        status: "degraded",
        detail: "the config hub does not answer; the last known good bundle serves on",
        age_ms: 9000,
      },
    ]);
    const [, stored] = await ask({ away: ["hub"] });
    expect(stored.status).toBe("degraded");
  });

  it("is down, with 503, when there is no configuration to be had", async () => {
    const [status, readiness] = await ask({ away: ["hub", "store"] });
    expect([status, readiness.status, readiness.parts["config"]?.status]).toEqual([503, "down", "down"]);
  });

  it("does not know how the database is when the control API is away", async () => {
    const [, { parts: seen }] = await ask({ away: ["control"] });
    expect(seen["database"]).toEqual({ status: "degraded", detail: "unknown: the control API does not answer" });
  });

  it("says nothing of a runner that nobody depends on", async () => {
    const [, readiness] = await ask({ away: ["runner"], hasRunner: false });
    expect([readiness.status, readiness.parts["runner"]]).toEqual(["ok", undefined]);
  });

  it("shares one look among those who ask while it is under way, and for a second behind it", async () => {
    let [looks, nowMs] = [0, 0];
    const answered = Promise.withResolvers<void>();
    const ping = Object.fromEntries(
      parts.map((part) => [part, async () => undefined]),
    ) as unknown as HealthDeps["ping"];
    const app = new Hono().get(
      "/readyz",
      readinessRoute({
        bundles: { oldestAgeMs: () => 0 },
        staleMs: 4000,
        ping,
        askControl: async () => {
          looks++;
          await answered.promise;
          return { database: true };
        },
        nowMs: () => nowMs,
      }),
    );
    const probe = async (): Promise<number> => (await app.request("/readyz", {}, {}, context)).status;
    const first = [probe(), probe()];
    nowMs = 1500;
    const all = Promise.all([...first, probe()]);
    answered.resolve();
    expect(await all).toEqual([200, 200, 200]);
    nowMs = 2400;
    await probe();
    expect(looks).toBe(1);
    nowMs = 2500;
    await probe();
    expect(looks).toBe(2);
  });
});
