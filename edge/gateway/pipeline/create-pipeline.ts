import { type IdSource, newId } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import { IsolateBundles } from "../bundles/bundle-store.ts";
import { createPointerVerifier } from "../bundles/verify-bundle.ts";
import type { GatewayConfig } from "../config.ts";
import { createIsolateHealth } from "../health/isolate-health.ts";
import { createCacheApi } from "../stages/cache/cache-api.ts";
import { Flights } from "../stages/cache/index.ts";
import { NearCache } from "../stages/cache/near-cache.ts";
import { type AdvanceDeps, IsolateAdvances, type ReserveDeps } from "../stages/reserve/index.ts";
import { createTraceWriter, type TraceWriter } from "../stages/record/trace-writer.ts";
import { createPromptCache } from "../stages/resolve/resolve-prompt.ts";
import { IsolateMetrics } from "../metrics/isolate-metrics.ts";
import { observeExchange } from "../metrics/observe-exchange.ts";
import { TELEMETRY_OBJECT } from "../metrics/telemetry-service.ts";
import type { PipelineDeps } from "./pipeline-deps.ts";

/** What the platform gives every isolate; injected so that a test can hold the clock. */
export interface Platform {
  readonly nowMs: () => number;
  readonly fetch: typeof fetch;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
}

/** A content-addressed bundle never changes under its name; a pointer may. Seconds; KV's own lower bound is 30. */
const IMMUTABLE_CACHE_SECONDS = 86_400;
const MUTABLE_CACHE_SECONDS = 30;

export interface Pipeline extends PipelineDeps {
  readonly bundles: IsolateBundles;
  readonly metrics: IsolateMetrics;
}

/** Where a trace came to rest is counted as well. */
function counted(writer: TraceWriter, metrics: IsolateMetrics): TraceWriter {
  return {
    ...writer,
    async write(message, outbox) {
      const place = await writer.write(message, outbox);
      metrics.count("traceWrites", [place]);
      return place;
    },
  };
}

const pause = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

function reserveDeps(config: GatewayConfig, { nowMs, log }: Platform): ReserveDeps {
  const deps: AdvanceDeps = {
    ledger: (name) => config.ledger.getByName(name),
    newReservationId: () => `rsv_${crypto.randomUUID().replaceAll("-", "")}`,
    pause,
    nowMs,
    log,
  };
  return { ...deps, advances: new IsolateAdvances(deps), shards: config.ledgerShards };
}

/** Puts the stages together with what they need of this isolate. */
export function createPipeline(config: GatewayConfig, platform: Platform): Pipeline {
  const { log, nowMs } = platform;
  const clock = {
    nowMs,
    setTimer: (work: () => void, delayMs: number) => setTimeout(work, delayMs),
    clearTimer: (timer: unknown) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  };
  const chance = (): number => Math.random();
  const bundles = new IsolateBundles({
    hub: (environmentId) => config.configHub.getByName(environmentId),
    readStored: (key, { immutable }) =>
      config.bundles.get(key, { cacheTtl: immutable ? IMMUTABLE_CACHE_SECONDS : MUTABLE_CACHE_SECONDS }),
    verifyPointer: createPointerVerifier(config.bundlePublicKey),
    rules: { freshMs: config.bundleFreshMs, staleMs: config.bundleStaleMs },
    nowMs,
    log,
  });
  const writer = createTraceWriter({
    outbox: (shard) => config.traceOutbox.getByName(shard),
    enqueue: (text) => config.traces.send(text, { contentType: "text" }),
    spill: (key, text) => config.traceBodies.put(key, text),
    log,
  });
  const isolate = crypto.randomUUID();
  const health = createIsolateHealth(isolate, {
    ...clock,
    service: (environmentId) => config.targetHealth.getByName(environmentId),
    chance,
    log,
  });
  const metrics = new IsolateMetrics({
    isolate,
    service: () => config.telemetry.getByName(TELEMETRY_OBJECT),
    readings: () => health.readings(),
    nowMs,
    pause,
    log,
  });
  return {
    bundles,
    resolve: { prompts: createPromptCache(), nowMs, chance },
    cache: new NearCache(createCacheApi(nowMs), nowMs),
    flights: new Flights(),
    health,
    metrics,
    dispatch: { ...clock, fetch: platform.fetch, allowedPrivateHosts: config.allowedPrivateHosts, chance },
    reserve: reserveDeps(config, platform),
    observe: (ended, keepAlive) => {
      try {
        observeExchange(ended, metrics);
      } catch (error) {
        // An answer never fails because it could not be counted.
        log("error", "exchange-not-counted", { trace_id: ended.facts.traceId, ...errorFields(error) });
      }
      metrics.touch(keepAlive);
    },
    record: { writer: counted(writer, metrics), putBodies: (key, text) => config.traceBodies.put(key, text), log },
    countTokens: (tokenizer, texts) => config.control.countTokens(tokenizer, texts),
    secret: config.secret,
    waitForTrace: config.traceDurability === "before-last-byte",
    newTraceId: () => newId("trace", { nowMs: nowMs(), random: platform.randomBytes(10) } satisfies IdSource),
    nowMs,
  };
}
