import { env } from "cloudflare:workers";
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { traceMessage } from "../../test/support/trace-message.ts";
import { traceText } from "../../test/support/trace-text.ts";
import type { FunctionsEnv } from "../config.ts";
import { FIRST_RESEND_MS, FIRST_RETRY_MS } from "./decide-resend.ts";
import { forwardOutbox } from "./forward-outbox.ts";
import { readName } from "./shelf-name.ts";
import { OutboxShelf, type ShelfLimits, shelfItem, shelfLimits } from "./outbox-shelf.ts";

const { TRACE_OUTBOX } = env as unknown as FunctionsEnv;

/** A shelf in a real object's SQLite, its clock in the test's hand. */
interface Bench {
  readonly shelf: OutboxShelf;
  /** A shelf over the same storage, as after an eviction. */
  readonly reopen: () => OutboxShelf;
  readonly clock: { nowMs: number };
  readonly sent: string[];
  readonly spilled: string[];
  readonly forward: (shelf?: OutboxShelf) => Promise<void>;
  queueDown: boolean;
  r2Down: boolean;
}

async function withShelf(limits: Partial<ShelfLimits>, test: (bench: Bench) => Promise<void>): Promise<void> {
  await runInDurableObject(TRACE_OUTBOX.getByName("outbox-bench"), async (_instance, state) => {
    const clock = { nowMs: 1_000_000 };
    const deps = { now: () => clock.nowMs, random: () => 1, limits: { ...shelfLimits, ...limits } };
    const shelf = new OutboxShelf(state.storage, deps);
    const sent: string[] = [];
    const spilled: string[] = [];
    const idOf = (body: string) => {
      const name = readName(body);
      return name === undefined
        ? (JSON.parse(body) as { record: { id: string } }).record.id
        : `name of ${name.trace_id}`;
    };
    const bench: Bench = {
      shelf,
      reopen: () => new OutboxShelf(state.storage, deps),
      clock,
      sent,
      spilled,
      queueDown: false,
      r2Down: false,
      forward: (target = shelf) =>
        forwardOutbox({
          shelf: target,
          sendBatch: async (bodies) => {
            if (bench.queueDown) throw new Error("queue away");
            sent.push(...bodies.map(idOf));
          },
          spill: async (bodies) => {
            if (bench.r2Down) throw new Error("R2 away");
            spilled.push(...bodies.map(idOf));
          },
          log: () => undefined,
          outbox: "outbox-bench",
        }),
    };
    await test(bench);
  });
}

const items = (...ids: string[]) => ids.map((id) => shelfItem(traceText(traceMessage(id))));

describe("OutboxShelf", () => {
  afterEach(async () => reset());

  it("sends once, then waits for the acknowledgement before it sends again", async () =>
    withShelf({}, async (bench) => {
      bench.shelf.add(items("a", "b"));
      await bench.forward();
      await bench.forward();
      expect(bench.sent).toEqual(["a", "b"]);
      bench.shelf.remove(["a"]);
      bench.clock.nowMs += FIRST_RESEND_MS;
      await bench.forward();
      expect(bench.sent).toEqual(["a", "b", "b"]);
      bench.shelf.remove(["b"]);
      expect(bench.shelf.nextDueMs()).toBeNull();
      expect(bench.shelf.size()).toEqual({ rows: 0, bytes: 0, spilled: 0 });
    }));

  it("sends again what was claimed by an object that died before the queue answered", async () =>
    withShelf({}, async (bench) => {
      bench.shelf.add(items("a"));
      expect(bench.shelf.claimDue()).toHaveLength(1);
      const successor = bench.reopen();
      expect(successor.size().rows).toBe(1);
      bench.clock.nowMs += FIRST_RESEND_MS;
      await bench.forward(successor);
      expect(bench.sent).toEqual(["a"]);
    }));

  it("sends, after the usual wait, what an object added and did not live to send", async () =>
    withShelf({}, async (bench) => {
      bench.shelf.add(items("a"));
      const successor = bench.reopen();
      await bench.forward(successor);
      expect(bench.sent).toEqual([]);
      bench.clock.nowMs += FIRST_RESEND_MS;
      await bench.forward(successor);
      expect(bench.sent).toEqual(["a"]);
    }));

  it("hands over once what waited here until it was due as well", async () =>
    withShelf({}, async (bench) => {
      bench.shelf.add(items("a"));
      bench.clock.nowMs += FIRST_RESEND_MS;
      await bench.forward();
      expect(bench.sent).toEqual(["a"]);
    }));

  it("keeps everything when the queue refuses, and comes back soon, oldest first", async () =>
    withShelf({}, async (bench) => {
      bench.queueDown = true;
      bench.shelf.add(items("a", "b"));
      await bench.forward();
      bench.shelf.add(items("c"));
      expect(bench.shelf.size().rows).toBe(3);
      bench.queueDown = false;
      bench.clock.nowMs += FIRST_RETRY_MS;
      await bench.forward();
      expect(bench.sent).toEqual(["a", "b", "c"]);
    }));

  it("holds a message once, however often it is appended", async () =>
    withShelf({}, async (bench) => {
      bench.shelf.add(items("a", "a"));
      bench.shelf.add(items("a"));
      await bench.forward();
      expect(bench.sent).toEqual(["a"]);
      expect(bench.shelf.size().rows).toBe(1);
    }));

  it("brings odd text through unchanged", async () =>
    withShelf({}, async (bench) => {
      const odd = "a\u0000b\uD83D 🙂";
      bench.shelf.add([shelfItem(traceText(traceMessage("a", { record: { user: odd } })))]);
      const [row] = bench.shelf.claimDue();
      const [held] = bench.shelf.bodies([row?.seq ?? 0]);
      expect((JSON.parse(held?.body ?? "") as { record: { user: string } }).record.user).toBe(odd);
    }));

  it("moves the oldest to R2 beyond its bound, counts them, and keeps them while R2 is away", async () =>
    withShelf({ spillAboveRows: 2 }, async (bench) => {
      bench.r2Down = true;
      bench.shelf.add(items("a", "b", "c"));
      await bench.forward();
      expect(bench.shelf.size()).toMatchObject({ rows: 3, spilled: 0 });
      bench.r2Down = false;
      await bench.forward();
      expect(bench.spilled).toEqual(["a", "b", "c"]);
      expect(bench.reopen().size()).toEqual({ rows: 0, bytes: 0, spilled: 3 });
    }));

  it("refuses, rather than forgets, when it can neither hold nor pass on more", async () =>
    withShelf({ refuseAboveBytes: 2_500 }, async (bench) => {
      bench.queueDown = true;
      bench.shelf.add(items("a"));
      expect(() => bench.shelf.add(items("b", "c"))).toThrow(/full/);
      expect(bench.shelf.size().rows).toBe(1);
    }));

  it("keeps a message that no queue can hold, and sends its name until it is acknowledged", async () =>
    withShelf({}, async (bench) => {
      bench.shelf.add([
        ...items("a"),
        shelfItem(
          traceText(
            traceMessage("big", { bodies: { request: { big: "x".repeat(200_000) }, rendered: null, response: null } }),
          ),
        ),
      ]);
      await bench.forward();
      bench.clock.nowMs += FIRST_RESEND_MS;
      await bench.forward();
      expect(bench.sent).toEqual(["a", "name of big", "a", "name of big"]);
      expect(bench.spilled).toEqual([]);
      expect(bench.shelf.texts(["big", "never"]).map(({ traceId }) => traceId)).toEqual(["big"]);
      expect(bench.shelf.texts(["big"])[0]?.text).toContain("x".repeat(200_000));
      bench.shelf.remove(["a", "big"]);
      expect(bench.shelf.size().rows).toBe(0);
    }));

  it("hands over thousands in batches that the queue takes", async () =>
    withShelf({}, async (bench) => {
      const ids = Array.from({ length: 2_500 }, (_, index) => `trc_${String(index).padStart(4, "0")}`);
      bench.shelf.add(items(...ids));
      await bench.forward();
      expect(bench.sent).toEqual(ids);
    }));
});
