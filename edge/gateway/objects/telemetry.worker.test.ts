import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { Telemetry } from "./telemetry.ts";

const { TELEMETRY } = env as unknown as { readonly TELEMETRY: DurableObjectNamespace<Telemetry> };

describe("the telemetry object", () => {
  afterEach(reset);

  it("has every report that it answered after it was evicted, before a snapshot and after", async () => {
    const series = [{ metric: "cache", labels: ["hit"], value: 2, counts: [] }];
    for (let sequence = 1; sequence <= 100; sequence++) {
      await TELEMETRY.getByName("telemetry").report({ isolate: "a", sequence, series });
      if (sequence % 30 === 0) await evictDurableObject(TELEMETRY.getByName("telemetry"));
    }
    await TELEMETRY.getByName("telemetry").report({ isolate: "a", sequence: 100, series });
    await evictDurableObject(TELEMETRY.getByName("telemetry"));
    const snapshot = await TELEMETRY.getByName("telemetry").snapshot();
    expect(snapshot.series.find(({ metric }) => metric === "cache")?.value).toBe(200);
  });
});
