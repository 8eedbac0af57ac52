import { put } from "../support/contenders.ts";
import { drive, type Exchange, type LoadTarget } from "../support/load.ts";
import { cpuSeconds, residentBytes } from "../support/process-usage.ts";
import type { BenchResult, BenchRow } from "../support/result.ts";
import { quantile } from "../support/statistics.ts";
import type { Stack } from "../../support/stack.ts";

const COUNT = 300;
const THROUGHPUT_COUNT = 600;
const CONCURRENCY = 16;
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

async function budgetRows(stack: Stack, bare: LoadTarget, millrace: LoadTarget): Promise<BenchRow[]> {
  await put(stack, "/budgets/bench", {
    scope: "project",
    window: { kind: "calendar", unit: "day" },
    limit: { requests: 1_000_000_000 },
  });
  // Until the gateway has heard of it, and its ledger is awake.
  await drive(millrace, bodyFor(millrace, {}), { count: 50, concurrency: 1 });
  await new Promise((resolve) => setTimeout(resolve, MIDDLE_MS));
  await drive(millrace, bodyFor(millrace, {}), { count: 200, concurrency: 4 });
  const answers = await drive(millrace, bodyFor(millrace, {}), { count: COUNT, concurrency: 1 });
  const proxied = await drive(bare, bodyFor(bare, {}), { count: COUNT, concurrency: 1 });
  const cost = async (target: LoadTarget): Promise<number | undefined> => {
    const before = cpuSeconds(target.pids);
    await drive(target, bodyFor(target, {}), { count: THROUGHPUT_COUNT, concurrency: CONCURRENCY });
    const after = cpuSeconds(target.pids);
    return before === undefined || after === undefined ? undefined : after - before;
  };
  const [own, other] = [await cost(millrace), await cost(bare)];
  const [total, base] = [p50(answers, ({ totalMs }) => totalMs), p50(proxied, ({ totalMs }) => totalMs)];
  return [
    {
      what: "1 KB with a budget: answer added over hono proxy p50",
      value: total === undefined || base === undefined ? undefined : total - base,
      unit: "ms",
      n: COUNT,
      aim: "< 0.6",
    },
    {
      what: "1 KB with a budget: CPU cost, millrace ÷ hono proxy",
      value: own === undefined || other === undefined || other === 0 ? undefined : own / other,
      unit: "×",
      n: THROUGHPUT_COUNT,
    },
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
  return { name: "gateway, part by part", rows: [...rows, ...(await budgetRows(stack, bare, millrace))] };
}
