import { drive, type Exchange, type LoadTarget } from "../support/load.ts";
import { cpuSeconds } from "../support/process-usage.ts";
import type { BenchResult, BenchRow } from "../support/result.ts";
import { medianInterval, quantile } from "../support/statistics.ts";

interface Workload {
  readonly name: string;
  readonly stream: boolean;
  /** Bytes of message text. */
  readonly textBytes: number;
  readonly latencyCount: number;
  readonly throughputCount: number;
}

/** 75,000 tokens of English are about 300 KB. */
const WORKLOADS: readonly Workload[] = [
  { name: "1 KB", stream: false, textBytes: 1024, latencyCount: 400, throughputCount: 1200 },
  { name: "1 KB stream", stream: true, textBytes: 1024, latencyCount: 200, throughputCount: 300 },
  { name: "75k tokens", stream: false, textBytes: 300_000, latencyCount: 60, throughputCount: 120 },
];
const ROUNDS = 5;
const CONCURRENCY = 16;
/** Until the engine has compiled what is run all the time; of large requests fewer do. */
const WARM_UP = 1_500;
const WARM_UP_LARGE = 60;
/** Before each round: while the others had their turns, a contender's code and data have left the processor's caches. */
const ROUND_WARM_UP = 50;

interface Samples {
  readonly latency: Exchange[];
  /** CPU milliseconds per request, one value a round. */
  readonly cpuMs: number[];
}

function bodyFor(target: LoadTarget, workload: Workload): Buffer {
  const text = "All work and no play. ".repeat(Math.ceil(workload.textBytes / 22)).slice(0, workload.textBytes);
  return Buffer.from(
    JSON.stringify({ model: target.model, stream: workload.stream, messages: [{ role: "user", content: text }] }),
  );
}

/** One round of one contender: unhurried requests one by one for latency, then 16 at a time for cost. */
async function round(target: LoadTarget, workload: Workload, into: Samples): Promise<void> {
  const body = bodyFor(target, workload);
  await drive(target, body, { count: Math.min(ROUND_WARM_UP, workload.latencyCount / ROUNDS), concurrency: 4 });
  into.latency.push(
    ...(await drive(target, body, { count: Math.ceil(workload.latencyCount / ROUNDS), concurrency: 1 })),
  );
  const count = Math.ceil(workload.throughputCount / ROUNDS);
  const before = cpuSeconds(target.pids);
  await drive(target, body, { count, concurrency: CONCURRENCY });
  const after = cpuSeconds(target.pids);
  if (before !== undefined && after !== undefined) into.cpuMs.push(((after - before) * 1000) / count);
}

function latencyRows(workload: Workload, samples: ReadonlyMap<string, Samples>): BenchRow[] {
  const measure = (sample: Exchange): number => (workload.stream ? sample.firstByteMs : sample.totalMs);
  const what = workload.stream ? "first byte" : "answer";
  const direct = (samples.get("direct")?.latency ?? []).map(measure);
  const base = quantile(direct, 0.5) ?? 0;
  const bare = quantile((samples.get("hono proxy")?.latency ?? []).map(measure), 0.5);
  return [...samples].flatMap(([name, { latency }]) => {
    const values = latency.map(measure);
    const interval = medianInterval(values);
    const p50: BenchRow = {
      what: `${workload.name}: ${what} p50, ${name}`,
      value: quantile(values, 0.5),
      unit: "ms",
      n: values.length,
      ...(interval ? { interval } : {}),
    };
    const p99: BenchRow = {
      what: `${workload.name}: ${what} p99, ${name}`,
      value: quantile(values, 0.99),
      unit: "ms",
      n: values.length,
    };
    if (name === "direct") return [p50, p99];
    const added: BenchRow = {
      what: `${workload.name}: ${what} added over direct p50, ${name}`,
      value: (p50.value ?? 0) - base,
      unit: "ms",
      n: values.length,
    };
    if (bare === undefined || !(name === "millrace" || name === "gateway alone")) return [p50, p99, added];
    const overBare: BenchRow = {
      what: `${workload.name}: ${what} added over hono proxy p50, ${name}`,
      value: (p50.value ?? 0) - bare,
      unit: "ms",
      n: values.length,
      aim: workload.stream ? "< 0.7" : "< 0.6",
    };
    return [p50, p99, added, overBare];
  });
}

function costRows(workload: Workload, samples: ReadonlyMap<string, Samples>): BenchRow[] {
  const cost = (name: string): number | undefined => quantile(samples.get(name)?.cpuMs ?? [], 0.5);
  const note = "no /proc on this system";
  const rows: BenchRow[] = [...samples.keys()]
    .filter((name) => name !== "direct")
    .map((name) => {
      const cpuMs = cost(name);
      return {
        what: `${workload.name}: requests/s per core, ${name}`,
        value: cpuMs === undefined ? undefined : 1000 / cpuMs,
        unit: "1/s",
        n: workload.throughputCount,
        ...(cpuMs === undefined ? { note } : {}),
      };
    });
  const [own, alone, bare, portkey] = [cost("millrace"), cost("gateway alone"), cost("hono proxy"), cost("portkey")];
  const ratio = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined || b === 0 ? undefined : a / b;
  rows.push({
    what: `${workload.name}: CPU cost, millrace ÷ hono proxy`,
    value: ratio(own, bare),
    unit: "×",
    n: workload.throughputCount,
    aim: "< 1.5",
  });
  // Beside the row above, never instead of it: without a trace's way behind its outbox, and without the platform's stand-ins.
  rows.push({
    what: `${workload.name}: CPU cost, gateway alone ÷ hono proxy`,
    value: ratio(alone, bare),
    unit: "×",
    n: workload.throughputCount,
  });
  rows.push({
    what: `${workload.name}: throughput per core, millrace ÷ portkey`,
    value: ratio(portkey, own),
    unit: "×",
    n: workload.throughputCount,
    aim: "≥ 2",
  });
  return rows;
}

/** Compares the contenders on the same upstream, their rounds interleaved so that a noisy minute hits all alike. */
export async function benchGateway(targets: readonly LoadTarget[]): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  for (const workload of WORKLOADS) {
    const samples = new Map<string, Samples>(targets.map((target) => [target.name, { latency: [], cpuMs: [] }]));
    for (const target of targets)
      await drive(target, bodyFor(target, workload), {
        count: workload.textBytes > 10_000 ? WARM_UP_LARGE : WARM_UP,
        concurrency: 8,
      });
    for (let turn = 0; turn < ROUNDS; turn++) {
      for (const target of targets) {
        const into = samples.get(target.name);
        if (into !== undefined) await round(target, workload, into);
      }
    }
    rows.push(...latencyRows(workload, samples), ...costRows(workload, samples));
  }
  return { name: "gateway", rows };
}
