import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { LedgerEntry, ReserveRequest } from "@millrace/core/ledger";
import type { Ledger } from "../ledger.ts";
import { LedgerBook } from "./ledger-book.ts";
import type { LedgerRoot } from "./ledger-root.ts";
import type { LeaseRequest } from "./root-leases.ts";
import { ShardGrants } from "./shard-grants.ts";

const { LEDGER } = env as unknown as { readonly LEDGER: DurableObjectNamespace<Ledger> };
const project = { id: "prj_a", slug: "acme" };
const atMost = { requests: 1, tokens: 10, usd_micros: 0 };
/** Longer than a grant may lie idle. */
const IDLE_MS = 3_000;

function userEntry(user: number): LedgerEntry {
  return {
    budget: "b",
    account: `user:${user}`,
    limit: { tokens: 100_000 },
    blocking: true,
    alerts: [],
    webhook: undefined,
    window: { kind: "calendar", unit: "month", time_zone: "UTC" },
  };
}

/** A shard on real storage, with a clock that the test turns and a root that grants whatever is wanted and notes what it is told. */
function withShard<T>(work: (shard: ReturnType<typeof shardOn>) => Promise<T>): Promise<T> {
  return runInDurableObject(LEDGER.getByName("prj_a#0"), (_instance: Ledger, state) => work(shardOn(state.storage)));
}

function shardOn(storage: DurableObjectStorage) {
  const clock = { nowMs: Date.UTC(2026, 10, 22, 12) };
  const book = new LedgerBook(storage, { nowMs: () => clock.nowMs });
  const told: LeaseRequest[] = [];
  const hooks = { beforeTold: () => Promise.resolve() };
  let leases = 0;
  const root: LedgerRoot = {
    lease: (request) => {
      leases++;
      return Promise.resolve({ ok: true, granted: request.asks.map(({ want }) => want) });
    },
    told: (request) => {
      told.push(request);
      return hooks.beforeTold();
    },
  };
  const deps = { nowMs: () => clock.nowMs, shard: () => "prj_a#0", project: () => project, root: () => root };
  const grants = new ShardGrants(storage.sql, book, deps);
  const reserve = (id: string, user: number, more: Partial<ReserveRequest> = {}) => {
    const request = { id, project, entries: [userEntry(user)], atMost, wanted: 0, ttlMs: 600_000, ...more };
    return grants.within(request, (spare) => book.reserve(request, spare));
  };
  const settle = (id: string, user: number, tokens: number) =>
    book.settle({
      id: `exchange ${id}`,
      project,
      entries: [userEntry(user)],
      actual: { ...atMost, tokens },
      held: [{ reservation: id, amounts: atMost }],
    });
  /** What the root was told since the last time: users and what they have spent. */
  const heard = () =>
    told
      .splice(0)
      .flatMap(({ asks }) => asks.map(({ entry, spent, need }) => [entry.account, spent.tokens, need.tokens]));
  return { clock, grants, told, hooks, reserve, settle, heard, leases: () => leases };
}

afterEach(async () => reset());

describe("ShardGrants", () => {
  it("takes nothing from the others for what nobody waits for", () =>
    withShard(async ({ reserve, leases }) => {
      expect(await reserve("ahead", 1, { wanted: 8, onlyWithSpare: true })).toMatchObject({ ok: true, spare: 0 });
      expect(leases()).toBe(0);
      expect(await reserve("needed", 1, { wanted: 8 })).toMatchObject({ ok: true });
      expect(leases()).toBe(1);
      expect(await reserve("ahead", 1, { wanted: 2, onlyWithSpare: true })).toMatchObject({ ok: true, spare: 2 });
    }));

  it("tells the root of what changed and of what became idle, once, and of nothing else", () =>
    withShard(async ({ clock, grants, reserve, settle, heard }) => {
      for (const user of [1, 2, 3]) await reserve(`x${user}`, user);
      settle("x1", 1, 7);
      await grants.report();
      expect(heard()).toEqual([["user:1", 7, 10 + Math.floor(100_000 / 64)]]);
      await grants.report();
      expect(heard()).toEqual([]);
      clock.nowMs += IDLE_MS;
      await grants.report();
      expect(heard()).toEqual([
        ["user:1", 7, 7],
        ["user:2", 0, 10],
        ["user:3", 0, 10],
      ]);
      await grants.report();
      expect(heard()).toEqual([]);
      settle("x3", 3, 4);
      await grants.report();
      expect(heard()).toEqual([["user:3", 4, 4]]);
      // Exchanges refer to them for a while: nothing is due before those are archived.
      expect(grants.nextDueMs()).toBeUndefined();
    }));

  it("tells of many accounts in few messages", () =>
    withShard(async ({ grants, reserve, settle, told }) => {
      for (let user = 0; user < 500; user++) {
        await reserve(`x${user}`, user);
        settle(`x${user}`, user, 1);
      }
      await grants.report();
      expect(told.length).toBeLessThanOrEqual(3);
      expect(new Set(told.flatMap(({ asks }) => asks.map(({ entry }) => entry.account))).size).toBe(500);
    }));

  it("grants more while a report is under way, and keeps for the next one what came meanwhile", () =>
    withShard(async ({ grants, reserve, settle, heard, hooks }) => {
      await reserve("x1", 1);
      await reserve("x2", 1);
      settle("x1", 1, 7);
      const underWay = Promise.withResolvers<void>();
      hooks.beforeTold = () => underWay.promise;
      const report = grants.report();
      expect((await reserve("y", 2)).ok).toBe(true);
      settle("x2", 1, 5);
      underWay.resolve();
      await report;
      expect(heard().map(([account, spent]) => [account, spent])).toEqual([["user:1", 7]]);
      await grants.report();
      expect(heard().map(([account, spent]) => [account, spent])).toEqual([["user:1", 12]]);
    }));

  it("tells again what the root may not have heard", () =>
    withShard(async ({ grants, reserve, settle, heard, hooks }) => {
      await reserve("x1", 1);
      settle("x1", 1, 7);
      hooks.beforeTold = () => Promise.reject(new Error("overtaken"));
      await expect(grants.report()).rejects.toThrow("overtaken");
      hooks.beforeTold = () => Promise.resolve();
      heard();
      await grants.report();
      expect(heard()).toMatchObject([["user:1", 7, expect.any(Number)]]);
    }));

  it("keeps a grant until its window is over and all of it is told", () =>
    withShard(async ({ clock, grants, reserve, settle, heard }) => {
      await reserve("x1", 1);
      clock.nowMs = Date.UTC(2026, 11, 1);
      settle("x1", 1, 7);
      await grants.report();
      expect(heard()).toEqual([["user:1", 7, 7]]);
      await grants.report();
      expect(heard()).toEqual([]);
    }));
});
