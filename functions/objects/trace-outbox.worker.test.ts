import { env } from "cloudflare:workers";
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { neon, neonConfig } from "@neondatabase/serverless";
import { afterEach, describe, expect, inject, it, vi } from "vitest";
import { traceMessage } from "../../test/support/trace-message.ts";
import { traceText } from "../../test/support/trace-text.ts";
import type { FunctionsEnv } from "../config.ts";
import type { TraceOutbox } from "./trace-outbox.ts";

const { TRACE_BODIES, TRACES } = env as unknown as FunctionsEnv;
const { TRACE_OUTBOX } = env as unknown as { readonly TRACE_OUTBOX: DurableObjectNamespace<TraceOutbox> };
const name = "outbox-7";
const outbox = () => TRACE_OUTBOX.getByName(name);
const messageOf = (id: string) => traceText(traceMessage(id, { outbox: name }));
const size = () => runInDurableObject(outbox(), (instance: TraceOutbox) => instance.size());

/** The Worker's own database: what its queue consumer wrote. */
async function storedIds(prefix: string): Promise<unknown[]> {
  neonConfig.fetchEndpoint = inject("databases")[0]?.neonFetchEndpoint ?? "";
  const client = neon("postgres://test:test@localhost/millrace");
  return (await client.query("select id from traces where id like $1 order by id", [`${prefix}%`])).map(
    (row) => row["id"],
  );
}

/** Everything that is on the shelf becomes due, as if its wait were over. */
async function waitIsOver(): Promise<void> {
  await runInDurableObject(outbox(), (_instance: TraceOutbox, state) => {
    state.storage.sql.exec("update message set due_at_ms = 0");
  });
}

describe("TraceOutbox", () => {
  afterEach(async () => {
    vi.restoreAllMocks();
    await reset();
  });

  it("carries an appended trace through the queue into Postgres, and is told to let it go", async () => {
    await outbox().append([messageOf("flow_1"), messageOf("flow_2")]);
    await expect.poll(() => storedIds("flow_"), { timeout: 15_000 }).toEqual(["flow_1", "flow_2"]);
    await expect.poll(async () => (await size()).rows, { timeout: 15_000 }).toBe(0);
  });

  it("has every message on disk when append returns, though the queue refuses", async () => {
    await runInDurableObject(outbox(), async (instance: TraceOutbox) => {
      vi.spyOn(TRACES, "sendBatch").mockRejectedValue(new Error("queue away"));
      await instance.append([messageOf("kept_1")]);
    });
    vi.restoreAllMocks();
    await evictDurableObject(outbox());
    expect((await size()).rows).toBe(1);
  });

  it("sends again, by its alarm, what an evicted object had not handed over", async () => {
    await runInDurableObject(outbox(), async (_instance: TraceOutbox, state) => {
      // Appended, the alarm set, and dead before the queue was called.
      const body = messageOf("evicted_1").text;
      state.storage.sql.exec(
        "insert into message (seq, trace_id, body, bytes, sends, failures, due_at_ms) values (1, 'evicted_1', ?, ?, 1, 0, 0)",
        body,
        body.length,
      );
      await state.storage.setAlarm(Date.now() + 60_000);
    });
    await evictDurableObject(outbox());
    expect(await storedIds("evicted_")).toEqual([]);
    expect(await runDurableObjectAlarm(outbox())).toBe(true);
    await expect.poll(() => storedIds("evicted_"), { timeout: 15_000 }).toEqual(["evicted_1"]);
    await expect.poll(async () => (await size()).rows, { timeout: 15_000 }).toBe(0);
  });

  it("always has an alarm while it holds a message", async () => {
    await runInDurableObject(outbox(), async (instance: TraceOutbox, state) => {
      vi.spyOn(TRACES, "sendBatch").mockResolvedValue({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } });
      await instance.append([messageOf("alarm_1")]);
      expect(await state.storage.getAlarm()).not.toBeNull();
    });
    await waitIsOver();
    await runDurableObjectAlarm(outbox());
    await runInDurableObject(outbox(), async (_instance: TraceOutbox, state) => {
      expect(await state.storage.getAlarm()).not.toBeNull();
    });
    await outbox().acknowledge(["alarm_1"]);
    await runDurableObjectAlarm(outbox());
    await runInDurableObject(outbox(), async (_instance: TraceOutbox, state) => {
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });

  it("takes a message that no row can hold by way of R2 before it returns", async () => {
    const bodies = { request: { big: "x".repeat(2_500_000) }, rendered: null, response: null };
    await outbox().append([traceText(traceMessage("huge_1", { outbox: name, bodies }))]);
    const { objects } = await TRACE_BODIES.list({ prefix: "spill/" });
    expect(objects).toHaveLength(1);
    expect((await size()).rows).toBe(0);
  });

  it("carries a message that no queue message can hold, and drops it only when Postgres has it", async () => {
    const bodies = { request: { big: "x".repeat(1_000_000) }, rendered: null, response: null };
    await outbox().append([traceText(traceMessage("large_1", { outbox: name, bodies })), messageOf("large_2")]);
    await expect.poll(() => storedIds("large_"), { timeout: 15_000 }).toEqual(["large_1", "large_2"]);
    await expect.poll(async () => (await size()).rows, { timeout: 15_000 }).toBe(0);
    expect((await TRACE_BODIES.list()).objects).toEqual([]);
  });

  it("forgets what is acknowledged and ignores what it never held", async () => {
    vi.spyOn(TRACES, "sendBatch").mockResolvedValue({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } });
    await outbox().append([messageOf("ack_1"), messageOf("ack_2")]);
    await outbox().acknowledge(["ack_1", "never"]);
    expect((await size()).rows).toBe(1);
  });
});
