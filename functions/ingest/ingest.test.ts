import { type TraceBodies, isMillraceError } from "@millrace/core/contract";
import { fromStorable } from "@millrace/core/content";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { databaseKinds, type TestDatabase } from "../../test/support/databases.ts";
import {
  bucketOf,
  type Delivery,
  delivery,
  type Harness,
  ingestHarness,
  neonQuery,
} from "../../test/support/ingest-harness.ts";
import { INSERT_TENANT, tenant, traceMessage } from "../../test/support/trace-message.ts";
import { ensurePartitions } from "../cron/ensure-partitions.ts";
import { sweepDeadLetters } from "../cron/sweep-dead-letters.ts";
import { sweepSpill } from "../cron/sweep-spill.ts";
import { nameText } from "../objects/shelf-name.ts";
import { consumeDeadTraces, consumeTraces } from "./consume-traces.ts";
import { MAX_STORED_BODIES_BYTES } from "./place-bodies.ts";
import { replayDeadLetters } from "./replay-dead-letters.ts";
import { SPILL_AFTER_ATTEMPTS } from "./retry-delay.ts";

const queue = "millrace-traces";
const text = (value: unknown) => JSON.stringify(value);
const of = (id: string, ...options: Parameters<typeof traceMessage> extends [string, ...infer R] ? R : never) =>
  delivery(`m-${id}`, text(traceMessage(id, ...options)));

describe.each(databaseKinds)("ingest into $name", ({ start }) => {
  let database: TestDatabase;
  let harness: Harness;
  const consume = (...messages: Delivery[]) => consumeTraces({ queue, messages }, harness.deps);
  const ids = async () => (await database.query("select id from traces order by id")).map((row) => row["id"]);
  const count = async (table: string) => Number((await database.query(`select count(*) as n from ${table}`))[0]?.["n"]);

  beforeAll(async () => {
    database = await start();
    await database.query(INSERT_TENANT);
  });
  afterAll(async () => database.close());
  beforeEach(async () => {
    await database.query("delete from traces");
    await database.query("delete from trace_bodies");
    await database.query("delete from spans");
    await database.query("delete from dead_letters");
    harness = ingestHarness(neonQuery(database.neonFetchEndpoint));
  });

  it("stores a batch in one statement, then tells the outbox, then the queue", async () => {
    const messages = [of("trc_1"), of("trc_2", { outbox: "outbox-1" })];
    await consume(...messages);
    expect(await ids()).toEqual(["trc_1", "trc_2"]);
    expect(await count("trace_bodies")).toBe(2);
    expect(await count("spans")).toBe(4);
    expect(harness.acknowledged).toEqual(["outbox-0:trc_1", "outbox-1:trc_2"]);
    expect(messages.map((message) => message.fate)).toEqual(["acked", "acked"]);
    expect(harness.calls).toBe(4);
  });

  it("keeps every field, and what is unknown as NULL", async () => {
    const record = {
      prompt: { name: "support-reply", version: 3, hash: "a".repeat(64), label: "production", reason: "LABEL" },
      user: "u-1",
      metadata: { team: "desk" },
      finish_reasons: ["stop", "length"],
      error_code: null,
    };
    await consume(of("trc_1", { record }));
    const [row] = await database.query("select * from traces");
    expect(row).toMatchObject({
      project_id: tenant.projectId,
      key_id: tenant.keyId,
      started_at: new Date(Date.UTC(2026, 10, 22, 12)),
      prompt_name: "support-reply",
      prompt_version: 3,
      prompt_label: "production",
      end_user: "u-1",
      metadata: { team: "desk" },
      finish_reasons: ["stop", "length"],
      first_token_us: null,
      output_tokens: null,
      error_code: null,
    });
  });

  it("makes one row of a message that comes twice, in one batch or in two", async () => {
    await consume(of("trc_1"), of("trc_1"));
    await consume(of("trc_1"));
    expect(await ids()).toEqual(["trc_1"]);
    expect(await count("spans")).toBe(2);
    expect(await count("trace_bodies")).toBe(1);
  });

  it("takes messages as JSON values too, as the gateway sends them past an absent outbox", async () => {
    await consume(delivery("m-1", traceMessage("trc_1", { outbox: "" })));
    expect(await ids()).toEqual(["trc_1"]);
    expect(harness.acknowledged).toEqual([]);
  });

  it("brings NUL, lone surrogates and the escape itself back unchanged, in bodies, columns and metadata", async () => {
    const odd = "a\u0000b\uD83D\uFDD0c\uDE00 🙂";
    const bodies = { request: { [odd]: [odd] }, rendered: null, response: { odd } } satisfies TraceBodies;
    const message = of("trc_1", { record: { user: odd, metadata: { odd }, finish_reasons: [odd] }, bodies });
    await consume(message);
    expect(message.fate).toBe("acked");
    const [row] = await database.query(
      "select t.end_user, t.metadata, t.finish_reasons, b.request, b.response from traces t join trace_bodies b on b.trace_id = t.id",
    );
    expect(fromStorable(row)).toEqual({
      end_user: odd,
      metadata: { odd },
      finish_reasons: [odd],
      request: { [odd]: [odd] },
      response: { odd },
    });
  });

  it("keeps a poison message as a dead letter, takes it off the shelf, and stores the good ones beside it", async () => {
    const broken = { ...traceMessage("trc_bad"), schema: 2 };
    const messages = [of("trc_1"), delivery("m-bad", text(broken)), delivery("m-text", "{not json")];
    await consume(...messages);
    expect(await ids()).toEqual(["trc_1"]);
    expect(messages.map((message) => message.fate)).toEqual(["acked", "acked", "acked"]);
    expect(harness.acknowledged.toSorted()).toEqual(["outbox-0:trc_1", "outbox-0:trc_bad"]);
    const letters = await database.query("select id, project_id, queue, body, reason from dead_letters order by id");
    expect(letters).toMatchObject([
      { id: "m-bad", project_id: tenant.projectId, queue, body: text(broken) },
      { id: "m-text", project_id: null, body: "{not json", reason: "not JSON" },
    ]);
    expect(letters[0]?.["reason"]).toContain("schema");
  });

  it("finds the one row that Postgres refuses among many, and sinks only that", async () => {
    const many = Array.from({ length: 37 }, (_, index) => of(`trc_${String(index).padStart(2, "0")}`));
    const stranger = of("trc_bad", { record: { key_id: "key_nobody" } });
    await consume(...many.slice(0, 20), stranger, ...many.slice(20));
    expect(await count("traces")).toBe(37);
    const [letter] = await database.query("select id, reason from dead_letters");
    expect(letter?.["reason"]).toContain("23503");
    expect(letter?.["id"]).toBe("m-trc_bad");
    expect(stranger.fate).toBe("acked");
  });

  it("never blames a message for an absent database: all wait, longer each time, and nothing is acknowledged", async () => {
    const delays: number[] = [];
    for (const attempts of [1, 2, 3, 10]) {
      const message = delivery("m", text(traceMessage("trc_1")), attempts);
      harness.failAt = harness.calls;
      await consume(message);
      if (typeof message.fate === "object") delays.push(message.fate.delaySeconds);
    }
    expect(delays).toEqual([2, 3, 6, 45]);
    expect(harness.acknowledged).toEqual([]);
    expect(harness.objects.size).toBe(0);
    expect(await count("dead_letters")).toBe(0);
  });

  describe("a name of a message that its outbox has", () => {
    const large = traceMessage("trc_large", {
      bodies: { request: { big: "x".repeat(200_000) }, rendered: null, response: null },
    });
    const named = (attempts = 1) =>
      delivery("m", nameText({ trace_id: "trc_large", outbox: "outbox-0", bytes: 201_000 }), attempts);

    it("brings the message, which is stored before the outbox may drop it", async () => {
      harness.shelved.set("trc_large", text(large));
      const [name, other] = [named(), of("trc_1")];
      await consume(name, other);
      expect(await ids()).toEqual(["trc_1", "trc_large"]);
      expect(harness.acknowledged).toEqual(["outbox-0:trc_1", "outbox-0:trc_large"]);
      expect([name.fate, other.fate]).toEqual(["acked", "acked"]);
    });

    it("goes when the outbox has let its message go", async () => {
      const name = named();
      await consume(name);
      expect(name.fate).toBe("acked");
      expect(await ids()).toEqual([]);
      expect(harness.acknowledged).toEqual([]);
    });

    it("waits, whichever call fails, and is never buried or acknowledged as if it were the message", async () => {
      harness.shelved.set("trc_large", text(large));
      for (const failAt of [0, 1]) {
        const name = named();
        harness.calls = 0;
        harness.failAt = failAt;
        await consume(name);
        expect(name.fate).toBeTypeOf("object");
      }
      expect(harness.acknowledged).toEqual([]);
      expect(await count("dead_letters")).toBe(0);
      expect(harness.objects.size).toBe(0);
    });

    it("is dropped, and no letter made of it, when the queue gives up: its outbox sends another", async () => {
      harness.shelved.set("trc_large", text(large));
      const [late, last] = [named(), named(SPILL_AFTER_ATTEMPTS)];
      await consumeDeadTraces({ queue: "dead", messages: [late] }, harness.deps);
      harness.failAt = harness.calls + 1;
      await consume(last);
      expect([late.fate, last.fate]).toEqual(["acked", "acked"]);
      expect(harness.acknowledged).toEqual([]);
      expect(await count("dead_letters")).toBe(0);
      expect(harness.objects.size).toBe(0);
    });

    it("of a message that cannot be read becomes a letter of the message itself, once", async () => {
      harness.shelved.set("trc_large", "broken");
      await consume(named());
      expect(await database.query("select body from dead_letters")).toEqual([{ body: "broken" }]);
      expect(harness.acknowledged).toEqual(["outbox-0:trc_large"]);
    });
  });

  it("moves a message that runs out of retries to R2, from where the sweep stores it", async () => {
    const message = delivery("m", text(traceMessage("trc_1")), SPILL_AFTER_ATTEMPTS);
    harness.failAt = 0;
    await consume(message);
    expect(message.fate).toBe("acked");
    expect(harness.acknowledged).toEqual([]);
    expect(await sweepSpill({ ...harness.deps, bucket: bucketOf(harness) })).toBe(1);
    expect(await ids()).toEqual(["trc_1"]);
    expect(harness.acknowledged).toEqual(["outbox-0:trc_1"]);
    expect(harness.objects.size).toBe(0);
  });

  it("leaves a spilled file whole while Postgres is away, and buries only its broken lines afterwards", async () => {
    harness.objects.set(
      "spill/a.ndjson",
      [text(traceMessage("trc_1")), "broken", text(traceMessage("trc_2"))].join("\n"),
    );
    const sweep = () => sweepSpill({ ...harness.deps, bucket: bucketOf(harness) });
    harness.failAt = 0;
    await sweep();
    expect(harness.objects.has("spill/a.ndjson")).toBe(true);
    await sweep();
    expect(harness.objects.size).toBe(0);
    expect(await ids()).toEqual(["trc_1", "trc_2"]);
    expect(await count("dead_letters")).toBe(1);
  });

  it("brings bodies of R2 into Postgres and clears R2 up", async () => {
    const bodies = { request: { big: "x".repeat(500_000) }, rendered: null, response: { ok: true } };
    harness.objects.set("traces/k", text(bodies));
    await consume(of("trc_1", { bodiesKey: "traces/k" }));
    const [row] = await database.query("select request, rendered, response, bodies_key from trace_bodies");
    expect(row).toEqual({ ...bodies, bodies_key: null });
    expect(harness.objects.size).toBe(0);
    await consume(of("trc_1", { bodiesKey: "traces/k" }));
    expect(await database.query("select request, bodies_key from trace_bodies")).toMatchObject([{ bodies_key: null }]);
  });

  it("leaves bodies of 5 MB in R2, reachable by their key", async () => {
    const bodies = { request: { big: "x".repeat(5_000_000) }, rendered: null, response: null };
    harness.objects.set("traces/k", text(bodies));
    await consume(of("trc_1", { bodiesKey: "traces/k" }));
    const [row] = await database.query("select request, bodies_key from trace_bodies");
    expect(row).toEqual({ request: null, bodies_key: "traces/k" });
    expect(harness.objects.get("traces/k")).toBe(text(bodies));
  });

  it("splits what does not fit one statement", async () => {
    for (let index = 0; index < 6; index++) {
      // Quotes are the worst case: each takes four bytes in the request.
      const big = '"'.repeat(MAX_STORED_BODIES_BYTES / 2 - 1000);
      harness.objects.set(`traces/${index}`, text({ request: { big }, rendered: null, response: null }));
    }
    await consume(...Array.from({ length: 6 }, (_, index) => of(`trc_${index}`, { bodiesKey: `traces/${index}` })));
    expect(await count("traces")).toBe(6);
    expect(await count("trace_bodies where request is not null")).toBe(6);
  });

  it("retries only the message whose bodies R2 could not give", async () => {
    harness.objects.set("traces/k", text({ request: {}, rendered: null, response: null }));
    harness.failAt = 0;
    const messages = [of("trc_1", { bodiesKey: "traces/k" }), of("trc_2")];
    await consume(...messages);
    expect(messages.map((message) => message.fate)).toEqual([{ delaySeconds: 2 }, "acked"]);
  });

  it("keeps what the queue gave up on, and in R2 when Postgres is away too", async () => {
    const dead = [delivery("d-1", text(traceMessage("trc_1")), 101)];
    harness.failAt = 0;
    await consumeDeadTraces({ queue: "millrace-traces-dead", messages: dead }, harness.deps);
    expect(dead[0]?.fate).toBe("acked");
    expect([...harness.objects.keys()]).toEqual(["dead/d-1.json"]);
    const moved = await sweepDeadLetters({
      bucket: bucketOf(harness),
      query: harness.deps.query,
      log: harness.deps.log,
    });
    expect(moved).toBe(1);
    expect(harness.objects.size).toBe(0);
    expect(await count("dead_letters")).toBe(1);
  });

  it("leaves a dead letter in the queue when neither Postgres nor R2 would have it", async () => {
    const dead = delivery("d-1", text(traceMessage("trc_1")), 101);
    const deps = {
      ...harness.deps,
      query: async () => Promise.reject(new Error()),
      putDead: async () => Promise.reject(new Error()),
    };
    await consumeDeadTraces({ queue: "millrace-traces-dead", messages: [dead] }, deps);
    expect(dead.fate).toEqual({ delaySeconds: 45 });
    expect(harness.acknowledged).toEqual([]);
  });

  it("replays what can be stored now, keeps the rest, and touches no other project's letters", async () => {
    const unreadable = delivery("m-bad", text({ ...traceMessage("trc_bad"), schema: 2 }));
    const foreign = delivery("m-other", text(traceMessage("trc_other", { record: { project_id: "prj_other" } })));
    const late = delivery("m-late", text(traceMessage("trc_late", { record: { key_id: "key_late" } })));
    await consume(unreadable, foreign, late);
    expect(await count("dead_letters")).toBe(3);
    await database.query(
      `insert into keys (id, project_id, environment_id, name, hash, hint, permissions, created_at, created_by)
       select 'key_late', project_id, environment_id, 'late', repeat('1', 64), '…', '{}', now(), 'test' from keys limit 1`,
    );
    expect(await replayDeadLetters(tenant.projectId, harness.deps)).toEqual({ replayed: 1, failed: 1 });
    expect(await ids()).toEqual(["trc_late"]);
    expect(await replayDeadLetters(tenant.projectId, harness.deps)).toEqual({ replayed: 0, failed: 1 });
    expect(await database.query("select id from dead_letters where replayed_at is not null")).toEqual([
      { id: "m-late" },
    ]);
    await database.query("delete from traces");
    await database.query("delete from keys where id = 'key_late'");
  });

  it("says so when Postgres goes away in the middle of a replay, and loses no letter", async () => {
    await consume(delivery("m-bad", text(traceMessage("trc_1", { record: { key_id: "key_none" } }))));
    harness.failAt = harness.calls + 1;
    const failure = await replayDeadLetters(tenant.projectId, harness.deps).catch((error: unknown) => error);
    expect(isMillraceError(failure) && failure.code).toBe("state-unavailable");
    expect(await count("dead_letters where replayed_at is null")).toBe(1);
  });

  it("loses nothing and stores nothing twice, whichever call of a dependency fails", async () => {
    const batch = () => [
      of("trc_1", { bodiesKey: "traces/k" }),
      of("trc_2"),
      delivery("m-poison", "{broken"),
      of("trc_bad", { record: { key_id: "key_nobody" } }),
    ];
    for (let failAt = 0; failAt < 40; failAt++) {
      await database.query("delete from traces");
      await database.query("delete from trace_bodies");
      await database.query("delete from dead_letters");
      harness = ingestHarness(neonQuery(database.neonFetchEndpoint));
      harness.objects.set("traces/k", text({ request: { kept: true }, rendered: null, response: null }));
      harness.failAt = failAt;
      let open = batch();
      for (let round = 0; round < 5 && open.length > 0; round++) {
        await consume(...open);
        open = open.filter((message) => message.fate !== "acked");
      }
      await sweepDeadLetters({ bucket: bucketOf(harness), query: harness.deps.query, log: harness.deps.log });
      expect(open, `call ${failAt}`).toEqual([]);
      expect(await ids(), `call ${failAt}`).toEqual(["trc_1", "trc_2"]);
      expect(await database.query("select id from dead_letters order by id")).toEqual([
        { id: "m-poison" },
        { id: "m-trc_bad" },
      ]);
      expect(await database.query("select request from trace_bodies where trace_id = 'trc_1'")).toEqual([
        { request: { kept: true } },
      ]);
      if (harness.calls <= failAt) return;
    }
    expect.unreachable("the batch made more calls than this test has patience for");
  });

  it("makes the partitions of a week ahead once", async () => {
    const day = Date.UTC(2031, 0, 1);
    expect(await ensurePartitions(harness.deps.query, day)).toBe(24);
    expect(await ensurePartitions(harness.deps.query, day)).toBe(0);
  });
});
