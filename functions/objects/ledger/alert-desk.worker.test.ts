import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { LedgerEntry } from "@millrace/core/ledger";
import type { Ledger } from "../ledger.ts";
import { AlertDesk, type AlertDelivery } from "./alert-desk.ts";
import { LedgerBook } from "./ledger-book.ts";

const { LEDGER } = env as unknown as { readonly LEDGER: DurableObjectNamespace<Ledger> };
const project = { id: "prj_a", slug: "acme" };
const entry: LedgerEntry = {
  budget: "b",
  account: "project:",
  limit: { tokens: 100 },
  blocking: true,
  alerts: [0.5, 1],
  window: { kind: "calendar", unit: "day", time_zone: "UTC" },
  webhook: { url: "https://hooks.example.com/x", secret: "HOOK" },
};

interface World {
  readonly book: LedgerBook;
  readonly desk: AlertDesk;
  readonly clock: { nowMs: number };
  readonly delivered: AlertDelivery[];
  readonly receiver: { well: boolean };
}

function withDesk(work: (world: World) => Promise<void>): Promise<void> {
  return runInDurableObject(LEDGER.getByName(project.id), async (_instance: Ledger, { storage }) => {
    const clock = { nowMs: Date.UTC(2026, 10, 22, 12) };
    const delivered: AlertDelivery[] = [];
    const receiver = { well: true };
    const book = new LedgerBook(storage, { nowMs: () => clock.nowMs });
    let id = 0;
    const desk = new AlertDesk(storage.sql, book, {
      nowMs: () => clock.nowMs,
      newId: () => `alr_${++id}`,
      deliver: async (alert) => {
        if (!receiver.well) throw new Error("away");
        delivered.push(alert);
      },
      log: () => undefined,
    });
    await work({ book, desk, clock, delivered, receiver });
  });
}
const spend = ({ book, desk }: World, id: string, tokens: number): boolean => {
  book.settle({ id, project, entries: [entry], actual: { requests: 1, tokens, usd_micros: 0 }, held: [] });
  return desk.note(project, [entry]);
};
const fractions = ({ delivered }: World) =>
  delivered.map(({ body }) => (JSON.parse(body) as { fraction: number }).fraction);

afterEach(async () => reset());

describe("AlertDesk", () => {
  it("tells each threshold once in a window, and again in the next", async () => {
    await withDesk(async (world) => {
      expect(spend(world, "a", 40)).toBe(false);
      expect(spend(world, "b", 20)).toBe(true);
      expect(spend(world, "c", 5)).toBe(false);
      spend(world, "d", 50);
      await world.desk.deliverDue();
      await world.desk.deliverDue();
      expect(fractions(world).toSorted((a, b) => a - b)).toEqual([0.5, 1]);
      world.clock.nowMs += 86_400_000;
      await world.desk.deliverDue();
      expect(world.desk.nextDueMs()).toBeUndefined();
      spend(world, "e", 60);
      await world.desk.deliverDue();
      expect(fractions(world)).toHaveLength(3);
    });
  });

  it("takes a refusal for the end of the limit", async () => {
    await withDesk(async (world) => {
      const asked = {
        id: "x",
        project,
        entries: [entry],
        atMost: { requests: 1, tokens: 101, usd_micros: 0 },
        wanted: 0,
        ttlMs: 1,
      };
      const outcome = world.book.reserve(asked);
      world.desk.note(project, [entry], outcome.ok ? undefined : outcome.refusal);
      await world.desk.deliverDue();
      expect(JSON.parse(world.delivered[0]?.body ?? "")).toMatchObject({
        refused: true,
        spent: 0,
        limit: 100,
        account: "project:",
      });
      expect(world.delivered[0]).toMatchObject({ secret: "HOOK", projectSlug: "acme" });
    });
  });

  it("tries again with growing pauses until it is taken, under the same id", async () => {
    await withDesk(async (world) => {
      world.receiver.well = false;
      spend(world, "a", 60);
      const waits: number[] = [];
      for (let time = 0; time < 4; time++) {
        await world.desk.deliverDue();
        const dueMs = world.desk.nextDueMs() ?? 0;
        waits.push(dueMs - world.clock.nowMs);
        world.clock.nowMs = dueMs;
      }
      expect(waits).toEqual([5_000, 10_000, 20_000, 40_000]);
      world.receiver.well = true;
      await world.desk.deliverDue();
      expect(world.delivered.map(({ id }) => id)).toEqual(["alr_1"]);
    });
  });
});
