import { put } from "../support/contenders.ts";
import { drive, type Exchange, type LoadTarget } from "../support/load.ts";
import { cpuSeconds, residentBytes } from "../support/process-usage.ts";
import type { BenchResult, BenchRow } from "../support/result.ts";
import { quantile } from "../support/statistics.ts";
import type { Stack } from "../../support/stack.ts";

const COUNT = 300;
const THROUGHPUT_COUNT = 600;
const CONCURRENCY = 16;
const ROUNDS = 6;
/** Before each round: while others had their turns, what is needed has left the processor's caches. */
const ROUND_WARM_UP = 50;
const STREAMS = 1000;
/** Waves of streams: what grows shows between the first that warms up and the last. */
const WAVES = 3;
const BYTES_PER_MIB = 1_048_576;
/** Names one stream among the streams of the upstream: this one takes ten seconds. */
const SLOW_USER = "slow";
/** All that the upstream sends but the usage, which nobody asked for; an answer that breaks off is shorter. */
const SLOW_BYTES = 2_137;
/** While all are open. */
const MIDDLE_MS = 5_000;

function bodyFor(target: LoadTarget, fields: object): Buffer {
  const text = "All work and no play. ".repeat(47).slice(0, 1024);
  return Buffer.from(JSON.stringify({ model: target.model, ...fields, messages: [{ role: "user", content: text }] }));
}

function p50(samples: readonly Exchange[], of: (sample: Exchange) => number | undefined): number | undefined {
  return quantile(
    samples.flatMap((sample) => of(sample) ?? []),
    0.5,
  );
}

async function cacheRows(bare: LoadTarget, millrace: LoadTarget): Promise<BenchRow[]> {
  const cached = { ...millrace, headers: { ...millrace.headers, "x-millrace-cache": "ttl=600" } };
  await drive(cached, bodyFor(cached, {}), { count: 50, concurrency: 1 });
  const hits = await drive(cached, bodyFor(cached, {}), { count: COUNT, concurrency: 1 });
  const proxied = await drive(bare, bodyFor(bare, {}), { count: COUNT, concurrency: 1 });
  const total = p50(hits, ({ totalMs }) => totalMs);
  const other = p50(proxied, ({ totalMs }) => totalMs);
  return [
    {
      what: "exact cache hit: until the answer is ready at the gateway p50",
      value: p50(hits, ({ serverMs }) => serverMs),
      unit: "ms",
      n: COUNT,
      aim: "< 1",
    },
    { what: "exact cache hit: answer p50, its trace durable", value: total, unit: "ms", n: COUNT },
    {
      what: "exact cache hit: answer over hono proxy (which asks the model) p50",
      value: total === undefined || other === undefined ? undefined : total - other,
      unit: "ms",
      n: COUNT,
    },
  ];
}

/** One contender with a budget to keep and without one, by turns: what differs is the budget's. */
async function budgetRows(stack: Stack, millrace: LoadTarget): Promise<BenchRow[]> {
  await put(stack, "/budgets/bench", {
    scope: "user",
    window: { kind: "calendar", unit: "day" },
    limit: { requests: 1_000_000_000 },
  });
  const bodies = { with: bodyFor(millrace, { user: "bench" }), without: bodyFor(millrace, {}) };
  // Until the gateway has heard of it, and its ledger is awake.
  await new Promise((resolve) => setTimeout(resolve, MIDDLE_MS));
  const totals = { with: [] as number[], without: [] as number[] };
  const cpu = { with: 0, without: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of round % 2 === 0 ? (["with", "without"] as const) : (["without", "with"] as const)) {
      await drive(millrace, bodies[kind], { count: ROUND_WARM_UP, concurrency: 4 });
      const answers = await drive(millrace, bodies[kind], { count: COUNT / ROUNDS, concurrency: 1 });
      totals[kind].push(...answers.map(({ totalMs }) => totalMs));
      const before = cpuSeconds(millrace.pids) ?? Number.NaN;
      await drive(millrace, bodies[kind], { count: THROUGHPUT_COUNT / ROUNDS, concurrency: CONCURRENCY });
      cpu[kind] += (cpuSeconds(millrace.pids) ?? Number.NaN) - before;
    }
  }
  const [own, other] = [quantile(totals.with, 0.5), quantile(totals.without, 0.5)];
  return [
    {
      what: "1 KB: answer added by a budget p50",
      value: own === undefined || other === undefined ? undefined : own - other,
      unit: "ms",
      n: COUNT,
    },
    { what: "1 KB: CPU cost, with a budget ÷ without", value: cpu.with / cpu.without, unit: "×", n: THROUGHPUT_COUNT },
  ];
}

function memoryRow(when: string, pids: readonly number[]): BenchRow {
  const bytes = residentBytes(pids);
  return {
    what: `${STREAMS} streams at once: memory of workerd, ${when}`,
    value: bytes === undefined ? undefined : bytes / BYTES_PER_MIB,
    unit: "MiB",
    n: STREAMS,
  };
}

async function streamRows(millrace: LoadTarget): Promise<BenchRow[]> {
  const rows = [memoryRow("before", millrace.pids)];
  const body = bodyFor(millrace, { stream: true, user: SLOW_USER });
  for (let wave = 1; wave <= WAVES; wave++) {
    const done = drive(millrace, body, { count: STREAMS, concurrency: STREAMS, mayFail: true });
    await Promise.race([done, new Promise((resolve) => setTimeout(resolve, MIDDLE_MS))]);
    rows.push(memoryRow(`all open, wave ${wave}`, millrace.pids));
    const whole = (await done).filter(({ status, bytes }) => status === 200 && bytes >= SLOW_BYTES).length;
    rows.push(
      { what: `${STREAMS} streams at once: whole answers, wave ${wave}`, value: whole, unit: "", n: STREAMS },
      memoryRow(`after wave ${wave}`, millrace.pids),
    );
  }
  return rows;
}

/** Single properties of the gateway: its cache, its ledger, and many streams at once. Leaves a budget behind, so it comes last. */
export async function benchGatewayParts(stack: Stack, bare: LoadTarget, millrace: LoadTarget): Promise<BenchResult> {
  const rows = [...(await cacheRows(bare, millrace)), ...(await streamRows(millrace))];
  return { name: "gateway, part by part", rows: [...rows, ...(await budgetRows(stack, millrace))] };
}
