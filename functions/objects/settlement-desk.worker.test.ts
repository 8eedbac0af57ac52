import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import type { LedgerEntry, Posting, Settlement } from "@millrace/core/ledger";
import { traceMessage } from "../../test/support/trace-message.ts";
import { traceText } from "../../test/support/trace-text.ts";
import type { Ledger } from "./ledger.ts";
import { POST_LIMIT_MS, SettlementDesk } from "./settlement-desk.ts";
import type { TraceOutbox } from "./trace-outbox.ts";

const { LEDGER, TRACE_OUTBOX } = env as unknown as {
  readonly LEDGER: DurableObjectNamespace<Ledger>;
  readonly TRACE_OUTBOX: DurableObjectNamespace<TraceOutbox>;
};
const project = { id: "prj_a", slug: "acme" };
const name = "outbox-3";
const outbox = () => TRACE_OUTBOX.getByName(name);
const entry: LedgerEntry = {
  budget: "b",
  account: "project:",
  limit: { tokens: 1_000_000 },
  blocking: true,
  alerts: [],
  webhook: undefined,
  window: { kind: "calendar", unit: "month", time_zone: "UTC" },
};

function settlementText(id: string, tokens: number, ledger = project.id) {
  const settlement: Settlement = {
    id,
    project,
    entries: [entry],
    actual: { requests: 1, tokens, usd_micros: 0 },
    held: [],
  };
  return { ledger, text: JSON.stringify(settlement) };
}
const messageOf = (id: string, tokens: number) => ({
  ...traceText(traceMessage(id, { outbox: name })),
  settlement: settlementText(id, tokens),
});
const spent = async () => (await LEDGER.getByName(project.id).usage({ limit: 1 }))[0]?.spent;

/** A desk on real storage, before ledgers that do as the test says. */
function withDesk<T>(work: (desk: SettlementDesk, posted: Posting[], away: Set<string>) => Promise<T>): Promise<T> {
  return runInDurableObject(outbox(), (_instance: TraceOutbox, { storage }) => {
    const posted: Posting[] = [];
    const away = new Set<string>();
    const desk = new SettlementDesk(storage.sql, {
      ledger: (ledger) => ({
        post: async (posting) => {
          if (away.has(ledger)) throw new Error("away");
          posted.push(posting);
        },
      }),
      outbox: () => name,
      nowMs: () => 1_000,
      expire: () => ({ expired: new Promise(() => undefined), cancel: () => undefined }),
      log: () => undefined,
    });
    return work(desk, posted, away);
  });
}

afterEach(async () => reset());

describe("settlements that come with traces", () => {
  it("reach their ledger, each once, though the outbox dies before it handed them on", async () => {
    await outbox().append([messageOf("trc_1", 5), messageOf("trc_2", 7)]);
    await evictDurableObject(outbox());
    await runDurableObjectAlarm(outbox());
    await expect.poll(spent, { timeout: 15_000 }).toMatchObject({ requests: 2, tokens: 12 });
    await runDurableObjectAlarm(outbox());
    expect(await spent()).toMatchObject({ requests: 2, tokens: 12 });
  });

  it("go on to every ledger that answers, and to the others when they are back, in order", () =>
    withDesk(async (desk, posted, away) => {
      away.add("prj_b");
      desk.add([settlementText("b1", 1, "prj_b"), settlementText("a1", 1), settlementText("b2", 1, "prj_b")]);
      await desk.deliver();
      const ids = () => posted.splice(0).flatMap(({ items }) => items.map(({ settlement }) => settlement.id));
      expect([ids(), desk.waiting, desk.failures]).toEqual([["a1"], true, 1]);
      await desk.deliver();
      expect([ids(), desk.failures]).toEqual([[], 2]);
      away.clear();
      desk.add([settlementText("b3", 1, "prj_b")]);
      await desk.deliver();
      expect([ids(), desk.waiting, desk.failures]).toEqual([["b1", "b2", "b3"], false, 0]);
    }));

  it("go on to the others while one ledger does not answer", () =>
    runInDurableObject(outbox(), async (_instance: TraceOutbox, { storage }) => {
      const posted: string[] = [];
      const limits: number[] = [];
      const desk = new SettlementDesk(storage.sql, {
        ledger: (ledger) => ({
          async post() {
            posted.push(ledger);
            if (ledger === "prj_hangs") await new Promise(() => undefined);
          },
        }),
        outbox: () => name,
        nowMs: () => 1_000,
        expire: (afterMs) => {
          limits.push(afterMs);
          const isHanging = posted.length === 0;
          const expired = isHanging ? Promise.reject(new Error("too long")) : new Promise<never>(() => undefined);
          return { expired, cancel: () => undefined };
        },
        log: () => undefined,
      });
      desk.add([settlementText("h", 1, "prj_hangs"), settlementText("a", 1)]);
      await desk.deliver();
      expect([posted, desk.failures, desk.waiting]).toEqual([["prj_hangs", project.id], 1, true]);
      expect(new Set(limits)).toEqual(new Set([POST_LIMIT_MS]));
    }));

  it("that a ledger cannot book are set aside and told of, and hold up none behind them", async () => {
    const { settlement, ...bad } = messageOf("trc_1", 5);
    const unbookable = { ...JSON.parse(settlement.text), entries: [{ ...entry, window: { kind: "unheard-of" } }] };
    await outbox().append([
      { ...bad, settlement: { ...settlement, text: JSON.stringify(unbookable) } },
      messageOf("trc_2", 7),
    ]);
    await runDurableObjectAlarm(outbox());
    await expect.poll(spent, { timeout: 15_000 }).toMatchObject({ requests: 1, tokens: 7 });
    expect(await LEDGER.getByName(project.id).audit()).toMatchObject({ balanced: true, settled: 1, setAside: 1 });
  });

  it("have numbers that only grow, also over the end of all that were there", () =>
    withDesk(async (desk, posted) => {
      for (const id of ["x", "y"]) {
        desk.add([settlementText(id, 1)]);
        await desk.deliver();
      }
      const seqs = posted.flatMap(({ items }) => items.map(({ seq }) => seq));
      expect(seqs.toSorted((a, b) => a - b)).toEqual(seqs);
      expect(new Set(seqs).size).toBe(2);
    }));

  it("go in calls of a bounded size", () =>
    withDesk(async (desk, posted) => {
      desk.add(Array.from({ length: 450 }, (_, index) => settlementText(`x${index}`, 1)));
      await desk.deliver();
      expect(posted.map(({ items }) => items.length)).toEqual([200, 200, 50]);
      expect(desk.waiting).toBe(false);
    }));
});
