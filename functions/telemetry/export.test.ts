import type { Span } from "@millrace/core/contract";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { attributesOf, type OtlpReceiver, startOtlpReceiver } from "../../test/fakes/otlp-receiver.ts";
import { databaseKinds, type TestDatabase } from "../../test/support/databases.ts";
import { type Delivery, delivery, type Harness, ingestHarness, neonQuery } from "../../test/support/ingest-harness.ts";
import { INSERT_TENANT, type MessageOptions, tenant, traceMessage } from "../../test/support/trace-message.ts";
import { consumeTraces } from "../ingest/consume-traces.ts";
import { SPILL_AFTER_ATTEMPTS } from "../ingest/retry-delay.ts";
import { consumeExports, type ExportDeps } from "./consume-exports.ts";
import type { ExportName } from "./export-name.ts";
import { otlpSettings } from "./otlp-settings.ts";
import { postOtlp } from "./post-otlp.ts";
import { MAX_CONTENT_CHARS } from "./read-exports.ts";

const idOf = (n: number) => `trc_0193a0e7c1d87abc8def${String(n).padStart(12, "0")}`;
const spanOf = (n: number, index: number, span: Partial<Span>): Span => ({
  id: `spn_${idOf(n).slice(4, -2)}${index.toString(16).padStart(2, "0")}`,
  parent_id: null,
  name: "authenticate",
  started_at_ms: Date.UTC(2026, 10, 22, 12) + index + 0.25,
  duration_us: 1500,
  attributes: {},
  ...span,
});
const attempt = (over: Record<string, string | number | null> = {}) => ({
  provider: "openai",
  provider_kind: "azure-openai",
  server_address: "acme.openai.azure.com",
  model: "gpt-5",
  kind: "first",
  outcome: "ok",
  error_code: null,
  http_status: 200,
  first_token_ms: 12.5,
  usage: { input_tokens: 11, output_tokens: 7, source: "provider" },
  ...over,
});
const exchange = (n: number, options: MessageOptions = {}, spans?: Span[]) =>
  traceMessage(idOf(n), {
    bodies: {
      request: { model: "m", temperature: 1, max_tokens: 50, stop: "END", messages: [{ role: "user", content: "Hi" }] },
      rendered: null,
      response: {
        id: "chatcmpl-1",
        choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
      },
    },
    ...options,
    record: {
      spans: spans ?? [
        spanOf(n, 0, {}),
        spanOf(n, 1, { name: "attempt", attributes: attempt() }),
        spanOf(n, 2, { name: "dispatch", attributes: { plan: [{ target: "x" }] } }),
      ],
      ...options.record,
    },
  });

describe.each(databaseKinds)("export of traces in $name", ({ start }) => {
  let database: TestDatabase;
  let receiver: OtlpReceiver;
  let harness: Harness;
  let deps: ExportDeps;
  const requeued: ExportName[] = [];
  /** Ingests, then delivers what ingestion noted for export. */
  const exported = async (...messages: ReturnType<typeof exchange>[]): Promise<Delivery[]> => {
    const batch = messages.map((message) => delivery(`m-${message.record.id}`, JSON.stringify(message)));
    await consumeTraces({ queue: "millrace-traces", messages: batch }, harness.deps);
    expect(batch.map(({ fate }) => fate)).toEqual(batch.map(() => "acked"));
    const names = harness.exported.splice(0).map((name) => delivery(name.trace_id, name));
    await consumeExports({ queue: "millrace-telemetry", messages: names }, deps);
    return names;
  };
  const spanNamed = (name: string) => receiver.spans.find((span) => span.name === name);

  beforeAll(async () => {
    database = await start();
    await database.query(INSERT_TENANT);
  });
  afterAll(async () => database.close());
  beforeEach(async () => {
    await database.query("delete from traces");
    await database.query("delete from trace_bodies");
    await database.query("delete from spans");
    receiver = await startOtlpReceiver();
    harness = ingestHarness(neonQuery(database.neonFetchEndpoint));
    requeued.length = 0;
    const settings = otlpSettings({ OTLP_ENDPOINT: receiver.url, OTLP_HEADERS: { authorization: "Basic a b" } });
    if (settings === undefined) throw new Error("no settings");
    deps = {
      query: neonQuery(database.neonFetchEndpoint),
      content: false,
      post: (body) => postOtlp(body, settings, { fetch, nowMs: () => Date.UTC(2026, 10, 22, 12) }),
      requeue: async (names) => void requeued.push(...names),
      log: (_level, event) => harness.events.push(event),
      random: () => 0.5,
    };
  });
  afterEach(async () => {
    expect(receiver.faults).toEqual([]);
    await receiver.close();
  });

  it("sends the exchange, its stages and its calls with the conventions' attributes, and no content", async () => {
    const [name] = await exported(exchange(1, { record: { requested: "support", model: "gpt-5-2025", user: "u-1" } }));
    expect(name?.fate).toBe("acked");
    expect(receiver.requests).toMatchObject([{ path: "/v1/traces", headers: { authorization: "Basic a b" } }]);
    const [root, call, stage] = [spanNamed("chat support"), spanNamed("chat gpt-5"), spanNamed("authenticate")];
    expect([root?.kind, call?.kind, stage?.kind]).toEqual([2, 3, 1]);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(new Set([idOf(1).slice(4)]));
    expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).toBe(4);
    expect([root?.parentSpanId, stage?.parentSpanId]).toEqual([undefined, root?.spanId]);
    expect(call?.parentSpanId).toBe(spanNamed("dispatch")?.spanId);
    expect(call?.startTimeUnixNano).toBe(`${Date.UTC(2026, 10, 22, 12) + 1}250000`);
    expect(attributesOf(call)).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "azure.ai.openai",
      "gen_ai.request.model": "gpt-5",
      "gen_ai.request.temperature": 1,
      "gen_ai.request.max_tokens": "50",
      "gen_ai.request.stop_sequences": ["END"],
      "gen_ai.response.model": "gpt-5-2025",
      "gen_ai.response.id": "chatcmpl-1",
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.usage.input_tokens": "11",
      "gen_ai.usage.output_tokens": "7",
      "server.address": "acme.openai.azure.com",
    });
    expect(attributesOf(root)).toMatchObject({ "millrace.trace.id": idOf(1), "enduser.id": "u-1" });
    expect(JSON.stringify(receiver.spans)).not.toMatch(/Hello|gen_ai\.input/);
  });

  it("continues the caller's trace", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const spans = [spanOf(1, 0, { attributes: { traceparent, tracestate: "rojo=1" } })];
    await exported(exchange(1, { record: { requested: "m" } }, spans));
    expect(spanNamed("chat m")).toMatchObject({
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
      parentSpanId: "00f067aa0ba902b7",
      traceState: "rojo=1",
      flags: 0x301,
    });
    expect(attributesOf(spanNamed("authenticate"))).toEqual({});
  });

  it("tells what failed, call by call, and counts tokens where they were spent", async () => {
    const spans = [
      spanOf(1, 0, {
        name: "attempt",
        attributes: attempt({ outcome: "failed", error_code: "upstream-error", http_status: 500, usage: null }),
      }),
      spanOf(1, 1, { name: "attempt", attributes: attempt({ kind: "fallback", model: "claude", usage: null }) }),
    ];
    const usage = {
      input_tokens: 9,
      output_tokens: 4,
      cached_input_tokens: null,
      reasoning_tokens: null,
      source: "estimated",
      details: {},
      estimated_by: "characters",
    } as const;
    await exported(exchange(1, { record: { usage, requested: "m", status: "error" } }, spans));
    expect(attributesOf(spanNamed("chat m"))).not.toHaveProperty("gen_ai.response.model");
    expect(spanNamed("chat gpt-5")).toMatchObject({ status: { code: 2, message: "upstream-error" } });
    expect(attributesOf(spanNamed("chat gpt-5"))).toMatchObject({ "error.type": "upstream-error" });
    expect(attributesOf(spanNamed("chat gpt-5"))).not.toHaveProperty("gen_ai.usage.input_tokens");
    expect(attributesOf(spanNamed("chat claude"))).toMatchObject({
      "gen_ai.usage.input_tokens": "9",
      "millrace.usage.source": "estimated",
    });
  });

  it("sends content when the operator wants it, and says where it is too long", async () => {
    deps = { ...deps, content: true };
    const long = { request: { messages: [{ role: "user", content: "x".repeat(MAX_CONTENT_CHARS) }] } };
    await exported(exchange(1), exchange(2, { bodies: { ...long, rendered: null, response: { choices: [] } } }));
    const [first, second] = receiver.spans.filter(({ name }) => name === "chat gpt-5").map(attributesOf);
    expect(JSON.parse(String(first?.["gen_ai.input.messages"]))).toEqual([
      { role: "user", parts: [{ type: "text", content: "Hi" }] },
    ]);
    expect(JSON.parse(String(first?.["gen_ai.output.messages"]))).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "Hello" }], finish_reason: "stop" },
    ]);
    expect(second).toMatchObject({ "millrace.content.omitted": true });
    expect(second).not.toHaveProperty("gen_ai.input.messages");
  });

  it.each([
    ["429 with seconds", { status: 429, headers: { "retry-after": "7" } }, 7],
    ["503 with a date", { status: 503, headers: { "retry-after": "Sun, 22 Nov 2026 12:01:00 GMT" } }, 60],
    ["502 without a word", { status: 502 }, 2],
    ["504 with a day", { status: 504, headers: { "retry-after": "86400" } }, 3600],
  ])("waits and tries again after %s", async (_name, answer, delaySeconds) => {
    receiver.script.push(answer);
    const names = await exported(exchange(1), exchange(2));
    expect(names.map(({ fate }) => fate)).toEqual([{ delaySeconds }, { delaySeconds }]);
    await consumeExports({ queue: "millrace-telemetry", messages: names }, deps);
    expect(names.map(({ fate }) => fate)).toEqual(["acked", "acked"]);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(2);
  });

  it("waits while the collector or the database is away, and begins anew before the queue gives up", async () => {
    const [name] = await exported(exchange(1));
    const again = (attempts: number) => delivery("m", name?.body, attempts);
    const collectorAway = {
      ...deps,
      post: async () => ({ kind: "away", status: undefined, retryAfterS: undefined }) as const,
    };
    const databaseAway = { ...deps, query: async () => Promise.reject(new Error("away")) };
    for (const away of [collectorAway, databaseAway]) {
      const [early, late] = [again(1), again(SPILL_AFTER_ATTEMPTS)];
      await consumeExports({ queue: "millrace-telemetry", messages: [early, late] }, away);
      expect([early.fate, late.fate]).toEqual([{ delaySeconds: 2 }, "acked"]);
      expect(requeued.splice(0)).toEqual([name?.body]);
    }
  });

  it("gives up the one trace that is refused, and no other", async () => {
    receiver.maxBytes = 15_000;
    const long = [spanOf(3, 0, { attributes: { words: "x".repeat(20_000) } })];
    const names = await exported(exchange(1), exchange(2), exchange(3, {}, long), exchange(4));
    expect(names.map(({ fate }) => fate)).toEqual(Array(4).fill("acked"));
    expect(new Set(receiver.spans.map(({ traceId }) => traceId.at(-1)))).toEqual(new Set(["1", "2", "4"]));
    expect(harness.events).toContain("export-refused");
  });

  it("takes a partial success as taken, and says so", async () => {
    receiver.script.push({ status: 200, body: { partialSuccess: { rejectedSpans: "2", errorMessage: "too old" } } });
    const [name] = await exported(exchange(1));
    expect([name?.fate, harness.events.includes("export-partly-refused")]).toEqual(["acked", true]);
  });

  it("lets go of what is not there any more, and of everything once the operator wants no export", async () => {
    const gone = { project_id: tenant.projectId, trace_id: idOf(9), started_at_ms: 1 };
    const other = { project_id: "prj_other", trace_id: idOf(1), started_at_ms: Date.UTC(2026, 10, 22, 12) };
    await exported(exchange(1));
    receiver.spans.length = 0;
    const names = [delivery("a", gone), delivery("b", other), delivery("c", "no name")];
    await consumeExports({ queue: "millrace-telemetry", messages: names }, deps);
    const off = delivery("d", gone);
    await consumeExports({ queue: "millrace-telemetry", messages: [off] }, undefined);
    expect([...names, off].map(({ fate }) => fate)).toEqual(Array(4).fill("acked"));
    expect(receiver.spans).toEqual([]);
  });

  it("keeps a trace with the outbox until its name is on the queue", async () => {
    const message = delivery("m-1", JSON.stringify(exchange(1)));
    const away = { ...harness.deps, exportLater: async () => Promise.reject(new Error("away")) };
    await consumeTraces({ queue: "millrace-traces", messages: [message] }, away);
    expect([message.fate, harness.acknowledged]).toEqual([{ delaySeconds: 2 }, []]);
    await consumeTraces({ queue: "millrace-traces", messages: [message] }, harness.deps);
    expect([message.fate, harness.exported.length]).toEqual(["acked", 1]);
  });
});
