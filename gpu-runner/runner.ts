import { randomBytes, randomInt } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { toMillraceError } from "@millrace/core/contract";
import { resolveModel } from "./artifacts/resolve-model.ts";
import type { RunnerConfig } from "./config.ts";
import type { Engine } from "./engines/engine.ts";
import { LlamaEngine } from "./engines/llama/llama-engine.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { createApp } from "./server/app.ts";
import { HealthCheck } from "./server/health.ts";
import { Metrics } from "./server/metrics.ts";
import { RequestScopes } from "./server/request-scopes.ts";

export interface RunnerEffects {
  readonly log: (event: object) => void;
}

export interface Runner {
  readonly url: string;
  /** The engine process, once there is one: for tests and operators. */
  enginePid(): number | undefined;
  /** Resolves with the reason when the model can never be served; otherwise stays pending. */
  readonly failed: Promise<string>;
  /** Drains within the configured bound, then ends what is left with an error, then the engine. */
  stop(): Promise<void>;
}

/** The largest seed that llama.cpp does not read as "random". */
const MAX_SEED = 0xffff_fffe;
/** How often a model that was handed to the engine is looked at until it is loaded or refused. */
const LOAD_LOOK_MS = 100;

type Loading = { readonly engine: LlamaEngine } | { readonly missing: string; readonly final: boolean };

/** Starts to listen at once and loads the model meanwhile: until then requests get `model-unavailable` and /healthz says why. */
export async function startRunner(config: RunnerConfig, effects: RunnerEffects): Promise<Runner> {
  let loading: Loading = { missing: "The model is being found.", final: false };
  const current = (): Engine | { missing: string; final: boolean } => ("engine" in loading ? loading.engine : loading);
  const scheduler = new Scheduler(
    { slots: config.sequences, maxQueue: config.maxQueue },
    { nowMs: () => performance.now() },
  );
  const scopes = new RequestScopes(config.deadlineMs);
  const health = new HealthCheck({ engine: current, scheduler, nowMs: () => performance.now() });
  const app = createApp({
    engine: current,
    modelName: config.modelName,
    scheduler,
    scopes,
    metrics: new Metrics(),
    defaults: { temperature: config.temperature, randomSeed: () => randomInt(MAX_SEED) },
    onDecoded: () => health.proven(),
    nowMs: () => Date.now(),
    randomBytes,
    health,
    token: config.token,
    log: effects.log,
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  const stopping = new AbortController();
  const failed = loadEngine(config, { ...effects, signal: stopping.signal, set: (next) => (loading = next) });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`,
    enginePid: () => ("engine" in loading ? loading.engine.pid : undefined),
    failed,
    stop: async () => {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await scopes.drain(config.drainMs);
      await ("engine" in loading ? loading.engine.close() : undefined);
      // Streams that were just ended flush first; idle keep-alive connections would hold the server open for ever.
      setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), 200).unref();
      await closed;
    },
  };
}

interface LoadEffects extends RunnerEffects {
  readonly signal: AbortSignal;
  readonly set: (loading: Loading) => void;
}

/** Finds the file, checks it and hands it to an engine. Resolves only when that has failed for good. */
async function loadEngine(config: RunnerConfig, { log, signal, set }: LoadEffects): Promise<string> {
  try {
    const modelPath = await resolveModel(config, {
      log,
      signal,
      fetch,
      out: process.stderr,
      onProgress: (text) => set({ missing: text, final: false }),
    });
    if (signal.aborted) return await new Promise(() => undefined);
    const { sequences, contextTokens, batchTokens, maxThreads, gpu, hangMs, loadMs } = config;
    const engine = new LlamaEngine({
      process: { modelPath, sequences, contextTokens, batchTokens, maxThreads, gpu },
      hangMs,
      loadMs,
    });
    set({ engine });
    return await failureOf(engine, log);
  } catch (thrown) {
    if (signal.aborted) return new Promise(() => undefined);
    const error = toMillraceError(thrown);
    const reason = error.code === "internal" ? String(error.cause) : error.message;
    set({ missing: reason, final: true });
    return reason;
  }
}

async function failureOf(engine: LlamaEngine, log: RunnerEffects["log"]): Promise<string> {
  for (;;) {
    const state = engine.state();
    if (state.state === "failed") return state.reason;
    if (state.state === "ready") {
      log({ event: "model-ready", ...state.model });
      return new Promise(() => undefined);
    }
    if (state.state === "closed") return new Promise(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, LOAD_LOOK_MS));
  }
}
