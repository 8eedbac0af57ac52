import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LedgerEntry } from "@millrace/core/ledger";
import type { Ledger } from "../ledger.ts";

const { LEDGER } = env as unknown as { readonly LEDGER: DurableObjectNamespace<Ledger> };
const project = { id: "prj_a", slug: "acme" };
const root = () => LEDGER.getByName(project.id);
const shard = (n: number) => LEDGER.getByName(`${project.id}#${n}`);
const entries: readonly LedgerEntry[] = [
  {
    budget: "b",
    account: "project:",
    limit: { tokens: 1000 },
    blocking: true,
    alerts: [],
    webhook: undefined,
    window: { kind: "calendar", unit: "month", time_zone: "UTC" },
  },
];
const tokens = (count: number) => ({ requests: 1, tokens: count, usd_micros: 0 });
const reserve = (n: number, id: string) =>
  shard(n).reserve({ id, project, entries, atMost: tokens(10), wanted: 0, ttlMs: 600_000 });

afterEach(async () => reset());

describe("shards of a ledger", () => {
  it("together never pass the limit, and come close to it", async () => {
    const outcomes = await Promise.all(Array.from({ length: 400 }, (_, index) => reserve(index % 4, `x${index}`)));
    const admitted = outcomes.filter((outcome) => outcome.ok).length;
    expect(admitted).toBeLessThanOrEqual(100);
    expect(admitted).toBeGreaterThan(80);
    const [usage] = await root().usage({ limit: 1 });
    expect((usage?.reserved.tokens ?? 0) + (usage?.spent.tokens ?? 0)).toBeLessThanOrEqual(1000);
  });

  it("tell the root what was spent, give back what is idle, and survive an eviction in between", async () => {
    for (let index = 0; index < 8; index++) {
      expect((await reserve(0, `x${index}`)).ok).toBe(true);
      // Asked again, as after an answer that was lost.
      expect((await reserve(0, `x${index}`)).ok).toBe(true);
      const held = [{ reservation: `x${index}`, amounts: tokens(10) }];
      await shard(0).settle({ id: `exchange ${index}`, project, entries, actual: tokens(7), held });
    }
    await evictDurableObject(shard(0));
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(shard(0));
      const [usage] = await root().usage({ limit: 1 });
      expect(usage).toMatchObject({ spent: { tokens: 56, requests: 8 }, reserved: { tokens: 0 } });
    }, 10_000);
    expect((await root().audit()).balanced).toBe(true);
    expect((await shard(0).audit()).balanced).toBe(true);
  });

  it("give of their grants as the root gives of its limits: what is left is never little", async () => {
    const wide = entries.map((entry) => ({ ...entry, limit: { tokens: 10_000_000 } }));
    const asked = { id: "wide", project, entries: wide, atMost: tokens(10), wanted: 50, ttlMs: 600_000 };
    const outcome = await shard(1).reserve(asked);
    expect(outcome).toMatchObject({ ok: true, spare: 50 });
    const [usage] = await root().usage({ limit: 1 });
    expect(usage?.reserved.tokens).toBeGreaterThanOrEqual(51 * 10);
    const narrow = entries.map((entry) => ({ ...entry, account: "user:a" }));
    expect(await shard(1).reserve({ ...asked, id: "narrow", entries: narrow })).toMatchObject({ ok: true, spare: 0 });
  });
});
