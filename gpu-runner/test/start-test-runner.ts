import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../config.ts";
import { startRunner, type Runner } from "../runner.ts";
import { writeTinyModel, type TinyModelOptions } from "./tiny-model.ts";

export interface TestRunner {
  readonly url: string;
  readonly runner: Runner;
  readonly model: "tiny-f32";
  chat(body: object, init?: RequestInit): Promise<Response>;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** Bound of every wait in the tests, in milliseconds: a loaded machine is slow, a broken runner is slower. */
const PATIENCE_MS = 20_000;

/** Polls until the condition holds. @throws Error with its words when it never does. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A runner in this process with a real engine process and the tiny model, on a free port of loopback. */
export async function startTestRunner(
  environment: Record<string, string> = {},
  tiny: TinyModelOptions = {},
): Promise<TestRunner> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-runner-"));
  const config = readConfig(
    {
      MILLRACE_MODEL: writeTinyModel(folder, tiny),
      MILLRACE_RUNNER_PORT: "0",
      MILLRACE_RUNNER_THREADS: "1",
      MILLRACE_RUNNER_GPU: "off",
      MILLRACE_RUNNER_SEQUENCES: "4",
      MILLRACE_RUNNER_DRAIN_MS: "100",
      ...environment,
    },
    [],
  );
  const runner = await startRunner(config, { log: () => undefined });
  const metric = async (name: string) => {
    const text = await (await fetch(`${runner.url}/metrics`, { headers: authorization })).text();
    return Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1] ?? Number.NaN);
  };
  const token = environment["MILLRACE_RUNNER_TOKEN"];
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const started: TestRunner = {
    url: runner.url,
    runner,
    model: "tiny-f32",
    metric,
    chat: (body, init) =>
      fetch(`${runner.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", ...authorization },
        body: JSON.stringify({ model: "tiny-f32", messages: [{ role: "user", content: "hello world" }], ...body }),
        ...init,
      }),
    stop: async () => {
      await runner.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  if (environment["MILLRACE_MODEL"] === undefined) {
    await until("the model is ready", async () => (await metric("millrace_runner_ready")) === 1);
  }
  return started;
}

export interface SseChunk {
  readonly choices: {
    readonly index: number;
    readonly delta: {
      readonly role?: string;
      readonly content?: string;
      readonly tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[];
    };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: { prompt_tokens: number; completion_tokens: number } | null;
  readonly error?: { code: string; message: string };
}

/** All events of a stream; `done` tells whether it ended with `[DONE]`. */
export async function readEvents(response: Response): Promise<{ chunks: SseChunk[]; done: boolean }> {
  const lines = (await response.text()).split("\n\n").filter((line) => line !== "");
  const data = lines.map((line) => line.replace(/^data: /, ""));
  return {
    chunks: data.filter((text) => text !== "[DONE]").map((text) => JSON.parse(text) as SseChunk),
    done: data.at(-1) === "[DONE]",
  };
}

export interface WireAnswer {
  readonly id: string;
  readonly system_fingerprint: string;
  readonly choices: {
    readonly index: number;
    readonly finish_reason: string;
    readonly message: {
      readonly content: string | null;
      readonly tool_calls?: { id: string; function: { name: string; arguments: string } }[];
    };
    readonly logprobs: { content: { token: string; logprob: number; top_logprobs: { logprob: number }[] }[] } | null;
  }[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

export async function answerOf(response: Response): Promise<WireAnswer> {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as WireAnswer;
}

export async function errorOf(
  response: Response,
): Promise<{ status: number; code: string; param: string | null; message: string }> {
  const body = (await response.json()) as { error: { code: string; param: string | null; message: string } };
  return { status: response.status, ...body.error };
}
