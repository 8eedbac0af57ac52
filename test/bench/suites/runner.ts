import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import { SHIPPED_SHAPE, writeTinyModel } from "../../../gpu-runner/test/tiny-model.ts";
import type { EnginePeerOptions, EnginePeerResult, EnginePeerRound } from "../peers/engine-in-process.ts";
import { startChild, stopChild } from "../../support/child.ts";
import type { BenchResult, BenchRow } from "../support/result.ts";
import { processTree } from "../support/process-usage.ts";
import { medianInterval, quantile } from "../support/statistics.ts";
import { measureMemory } from "./memory.ts";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const CONCURRENCY = [1, 4, 16];
const SEQUENCES = 16;
/** Pairs of rounds per concurrency; odd, so that the median is one of them. */
const ROUNDS = 5;
/** Long enough that generation, not the request around it, is what is measured. */
const MAX_TOKENS = 256;
/** Requests that each worker does in a round: fewer when more of them run at once, so that rounds last alike. */
const requestsPerWorker = (concurrency: number) => Math.max(1, Math.round(4 / Math.sqrt(concurrency)));

export interface BenchRunnerOptions {
  /** Default: random weights in the shipped model's shape, which never end an answer, so that both sides write equally much. */
  readonly modelPath?: string;
  readonly rounds?: number;
}

interface Contender {
  run(round: EnginePeerRound): Promise<EnginePeerResult>;
  stop(): Promise<void>;
}

async function startInProcess(options: EnginePeerOptions): Promise<Contender> {
  const child = fork(file("../peers/engine-in-process.ts"), [JSON.stringify(options)], { serialization: "advanced" });
  await once(child, "message");
  return {
    run: async (round) => {
      const answer = once(child, "message");
      child.send(round);
      const [result] = (await answer) as [EnginePeerResult];
      return result;
    },
    stop: async () => {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** One streamed completion over HTTP, read to its end; returns the tokens that its usage names. */
async function complete(url: string, prompt: string, maxTokens: number): Promise<number> {
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    body: JSON.stringify({
      model: "bench",
      prompt,
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    }),
  });
  if (!response.ok) throw new Error(`the runner answered ${response.status}: ${await response.text()}`);
  const text = await response.text();
  return Number(/"completion_tokens":(\d+)/.exec(text)?.[1] ?? Number.NaN);
}

async function startRunner(options: EnginePeerOptions): Promise<Contender & { readonly pid: number }> {
  const child = await startChild({
    command: process.execPath,
    args: [file("../../../gpu-runner/main.ts")],
    env: {
      MILLRACE_MODEL: options.modelPath,
      MILLRACE_MODEL_NAME: "bench",
      MILLRACE_RUNNER_PORT: "0",
      MILLRACE_RUNNER_TOKEN: undefined,
      MILLRACE_RUNNER_SEQUENCES: String(options.sequences),
      MILLRACE_RUNNER_THREADS: String(options.maxThreads),
      MILLRACE_RUNNER_BATCH: "512",
    },
    ready: (line) => /"event":"listening","url":"([^"]+)"/.exec(line)?.[1],
    timeoutMs: 60_000,
  });
  const deadline = performance.now() + 60_000;
  while (!(await fetch(`${child.ready}/healthz`)).ok) {
    if (performance.now() > deadline) throw new Error("the runner never became ready");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    run: async (round) => {
      const startedMs = performance.now();
      const counts = await Promise.all(
        round.workers.map(async (prompts) => {
          let tokens = 0;
          for (const prompt of prompts) tokens += await complete(child.ready, prompt, round.maxTokens);
          return tokens;
        }),
      );
      return {
        tokens: counts.reduce((sum, count) => sum + count, 0),
        seconds: (performance.now() - startedMs) / 1000,
      };
    },
    stop: () => stopChild(child),
    pid: child.pid,
  };
}

function workersFor(concurrency: number, round: number): string[][] {
  return Array.from({ length: concurrency }, (_, worker) =>
    Array.from(
      { length: requestsPerWorker(concurrency) },
      (_unused, request) => `Order ${round}${worker}${request}: my parcel has not arrived and the`,
    ),
  );
}

async function compare(
  contenders: { readonly runner: Contender; readonly inProcess: Contender },
  options: { readonly concurrency: number; readonly rounds: number },
): Promise<BenchRow[]> {
  const rates = { runner: [] as number[], inProcess: [] as number[] };
  let tokens = 0;
  for (let round = -1; round < options.rounds; round++) {
    const work = { workers: workersFor(options.concurrency, round + 1), maxTokens: MAX_TOKENS };
    // The order alternates, so that a drift of the machine favours nobody; the first pair warms up.
    const names = round % 2 === 0 ? (["runner", "inProcess"] as const) : (["inProcess", "runner"] as const);
    for (const name of names) {
      const result = await contenders[name].run(work);
      if (round < 0) continue;
      rates[name].push(result.tokens / result.seconds);
      tokens += result.tokens;
    }
  }
  const ratios = rates.runner.map((rate, index) => rate / (rates.inProcess[index] ?? Number.NaN));
  const interval = medianInterval(ratios);
  const label = `${options.concurrency} concurrent`;
  const row = (what: string, values: readonly number[], unit: string): BenchRow => ({
    what: `${label}: ${what}`,
    value: quantile(values, 0.5),
    unit,
    n: values.length,
  });
  return [
    row("in process", rates.inProcess, "tokens/s"),
    row("runner over HTTP", rates.runner, "tokens/s"),
    {
      ...row("runner / in process", ratios, "ratio"),
      aim: "≥ 0.95",
      ...(interval === undefined ? {} : { interval }),
      note: `${tokens} tokens in all`,
    },
  ];
}

/** Tokens per second through the runner's HTTP, against the same engine called in process, in interleaved rounds. */
export async function benchRunner(options: BenchRunnerOptions = {}): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const engine: EnginePeerOptions = {
    modelPath: options.modelPath ?? writeTinyModel(folder, { shape: SHIPPED_SHAPE, contextLength: 1024 }),
    sequences: SEQUENCES,
    maxThreads: Math.max(1, availableParallelism() - 1),
  };
  const runner = await startRunner(engine);
  try {
    const inProcess = await startInProcess(engine);
    try {
      const memory = (when: string) =>
        measureMemory(when, [{ name: "memory of the runner with its engine", pids: processTree(runner.pid) }]);
      const rows: BenchRow[] = memory("at rest");
      for (const concurrency of CONCURRENCY) {
        rows.push(...(await compare({ runner, inProcess }, { concurrency, rounds: options.rounds ?? ROUNDS })));
      }
      rows.push(...memory("after load"));
      return { name: "runner against the same engine in process", rows };
    } finally {
      await inProcess.stop();
    }
  } finally {
    await runner.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
