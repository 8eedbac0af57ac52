import { waitUntil } from "cloudflare:workers";
import { neon } from "@neondatabase/serverless";
import { errorFields } from "@millrace/core/log";
import { type ControlApi, createControlApi } from "./api/index.ts";
import { type Config, type FunctionsEnv, readConfig } from "./config.ts";
import { type Database, openDatabase } from "./database.ts";
import { readStoredBodies } from "./ingest/place-bodies.ts";
import { replayDeadLetters } from "./ingest/replay-dead-letters.ts";
import type { Query } from "./ingest/query.ts";
import type { ConsumeDeps } from "./ingest/consume-traces.ts";
import type { SweepBucket } from "./cron/sweep-spill.ts";
import { log } from "./log.ts";
import { createBundleSigner, publishEnvironment, type PublishDeps } from "./publish/index.ts";
import { writeSpill } from "./spill.ts";
import type { ExportDeps } from "./telemetry/consume-exports.ts";
import { postOtlp } from "./telemetry/post-otlp.ts";
import { queueExports } from "./telemetry/queue-exports.ts";

/** Everything that the Worker's entry points hand to plain functions: the composition root. */
export interface Context {
  readonly config: Config;
  readonly db: Database;
  readonly ingest: ConsumeDeps;
  /** Undefined where nothing is exported. */
  readonly exports: ExportDeps | undefined;
  readonly publish: PublishDeps;
  readonly bucket: SweepBucket;
  readonly control: ControlApi;
  readonly databaseAnswers: () => Promise<boolean>;
}

/** A batch of 8 MB takes a second or two; a database that hangs must count as away while the batch still has time for R2. */
const STATEMENT_TIMEOUT_MS = 30_000;

/** A health report must not wait longer than its reader; a suspended Neon compute wakes up in less. */
const PROBE_TIMEOUT_MS = 2_000;

/** One context an isolate and environment; a cache that is safe to lose. */
const contexts = new WeakMap<FunctionsEnv, Context>();

/** @throws Error when the environment is not complete */
export function contextOf(env: FunctionsEnv): Context {
  const known = contexts.get(env);
  if (known !== undefined) return known;
  const context = createContext(readConfig(env));
  contexts.set(env, context);
  return context;
}

function createContext(config: Config): Context {
  const db = openDatabase(config);
  const ingest = ingestDeps(config);
  const publish = publishDeps(config, db);
  const control = createControlApi({
    db,
    now: () => new Date(),
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    allowedPrivateHosts: config.allowedPrivateHosts,
    publish: (environmentIds) => {
      for (const id of environmentIds) waitUntil(publishInBackground(publish, id));
    },
    replayDeadLetters: (projectId) => replayDeadLetters(projectId, ingest),
    readBodies: (key) => readStoredBodies(key, ingest.bodies),
    log,
  });
  const probe = boundedQuery(config, PROBE_TIMEOUT_MS);
  return {
    config,
    db,
    ingest,
    exports: exportDeps(config),
    publish,
    bucket: sweepBucket(config),
    control,
    databaseAnswers: () => databaseAnswers(probe),
  };
}

/** The outbox row stays until it is published, so a failure here is the cron's to repair. */
async function publishInBackground(deps: PublishDeps, environmentId: string): Promise<void> {
  try {
    await publishEnvironment(deps, environmentId);
  } catch (error) {
    log("warn", "publish-failed", { environment_id: environmentId, ...errorFields(error) });
  }
}

function publishDeps(config: Config, db: Database): PublishDeps {
  return {
    db,
    kv: config.bundles,
    hub: config.configHub,
    sign: createBundleSigner(config.bundlePrivateKey),
    now: () => new Date(),
  };
}

function ingestDeps(config: Config): ConsumeDeps {
  const bucket = config.traceBodies;
  return {
    query: boundedQuery(config, STATEMENT_TIMEOUT_MS),
    bodies: {
      get: async (key) => {
        const object = await bucket.get(key);
        return object === null ? null : { bytes: object.size, text: () => object.text() };
      },
      put: async (key, text) => {
        await bucket.put(key, text);
      },
      delete: async (keys) => {
        await bucket.delete([...keys]);
      },
    },
    exportLater: async (names) => {
      if (config.otlp !== undefined) await queueExports(names, config.telemetry);
    },
    putDead: async (key, text) => {
      await bucket.put(key, text);
    },
    spill: async (bodies) => {
      await writeSpill(bucket, "queue", bodies);
    },
    readShelf: async (outbox, traceIds) => config.traceOutbox(outbox).read(traceIds),
    acknowledge: async (outbox, traceIds) => {
      await config.traceOutbox(outbox).acknowledge(traceIds);
    },
    log,
    now: Date.now,
    random: Math.random,
  };
}

function exportDeps(config: Config): ExportDeps | undefined {
  const { otlp, telemetry } = config;
  if (otlp === undefined) return undefined;
  return {
    query: boundedQuery(config, STATEMENT_TIMEOUT_MS),
    content: otlp.content,
    post: (body) => postOtlp(body, otlp, { fetch: (input, init) => fetch(input, init), nowMs: Date.now }),
    requeue: (names) => queueExports(names, telemetry),
    log,
    random: Math.random,
  };
}

function boundedQuery({ databaseUrl }: Config, timeoutMs: number): Query {
  const client = neon(databaseUrl);
  return async (text, params) =>
    client.query(text, [...params], { fetchOptions: { signal: AbortSignal.timeout(timeoutMs) } });
}

/** False when Postgres does not answer; why is in the log. */
async function databaseAnswers(query: Query): Promise<boolean> {
  try {
    await query("select 1", []);
    return true;
  } catch (error) {
    log("warn", "database-away", errorFields(error));
    return false;
  }
}

function sweepBucket({ traceBodies }: Config): SweepBucket {
  return {
    list: (options) => traceBodies.list(options),
    get: (key) => traceBodies.get(key),
    delete: (key) => traceBodies.delete(key),
  };
}
