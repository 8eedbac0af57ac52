import { neon } from "@neondatabase/serverless";
import { type Config, type FunctionsEnv, readConfig } from "./config.ts";
import { type Database, openDatabase } from "./database.ts";
import type { ConsumeDeps } from "./ingest/consume-traces.ts";
import type { SweepBucket } from "./cron/sweep-spill.ts";
import { log } from "./log.ts";
import { createBundleSigner, type PublishDeps } from "./publish/index.ts";
import { writeSpill } from "./spill.ts";

/** Everything that the Worker's entry points hand to plain functions: the composition root. */
export interface Context {
  readonly config: Config;
  readonly db: Database;
  readonly ingest: ConsumeDeps;
  readonly publish: PublishDeps;
  readonly bucket: SweepBucket;
}

/** A batch of 8 MB takes a second or two; a database that hangs must count as away while the batch still has time for R2. */
const STATEMENT_TIMEOUT_MS = 30_000;

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
  return { config, db, ingest: ingestDeps(config), publish: publishDeps(config, db), bucket: sweepBucket(config) };
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
  const client = neon(config.databaseUrl);
  return {
    query: async (text, params) => {
      const fetchOptions = { signal: AbortSignal.timeout(STATEMENT_TIMEOUT_MS) };
      return client.query(text, [...params], { fetchOptions });
    },
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
    putDead: async (key, text) => {
      await bucket.put(key, text);
    },
    spill: async (bodies) => {
      await writeSpill(bucket, "queue", bodies);
    },
    acknowledge: async (outbox, traceIds) => {
      await config.traceOutbox(outbox).acknowledge(traceIds);
    },
    log,
    now: Date.now,
    random: Math.random,
  };
}

function sweepBucket({ traceBodies }: Config): SweepBucket {
  return {
    list: (options) => traceBodies.list(options),
    get: (key) => traceBodies.get(key),
    delete: (key) => traceBodies.delete(key),
  };
}
