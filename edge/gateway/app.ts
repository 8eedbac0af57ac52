import { type IdSource, MillraceError, newId, toMillraceError } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import { Hono } from "hono";
import { IsolateBundles } from "./bundles/bundle-store.ts";
import { createPointerVerifier } from "./bundles/verify-bundle.ts";
import type { GatewayConfig } from "./config.ts";
import { ResponseStore } from "./dialects/responses/response-store.ts";
import { stateBucket } from "./dialects/responses/state-bucket.ts";
import { createIsolateHealth } from "./health/isolate-health.ts";
import { corsHeaders, preflightResponse } from "./http/cors.ts";
import { errorResponse } from "./http/error-response.ts";
import { createPages } from "./pages/create-pages.tsx";
import type { PipelineDeps } from "./pipeline/pipeline-deps.ts";
import { budgetUsageRoute } from "./routes/budget-usage.ts";
import { chatCompletionsRoute } from "./routes/chat-completions.ts";
import { completionsRoute } from "./routes/completions.ts";
import { controlRoute } from "./routes/control.ts";
import { countTokensRoute } from "./routes/count-tokens.ts";
import { embeddingsRoute } from "./routes/embeddings.ts";
import { livenessRoute, readinessRoute } from "./routes/health.ts";
import { messagesRoute } from "./routes/messages.ts";
import { modelsRoute } from "./routes/models.ts";
import {
  cancelResponseRoute,
  deleteResponseRoute,
  inputItemsRoute,
  responsesRoute,
  retrieveResponseRoute,
} from "./routes/responses.ts";
import { createCacheApi } from "./stages/cache/cache-api.ts";
import { Flights } from "./stages/cache/index.ts";
import { createTraceWriter } from "./stages/record/trace-writer.ts";
import { createPromptCache } from "./stages/resolve/resolve-prompt.ts";

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
const NONCE_BYTES = 16;

function runnerProbe({ runnerHealthUrl }: GatewayConfig, platform: Platform): (() => Promise<void>) | undefined {
  if (runnerHealthUrl === undefined) return undefined;
  return async () => {
    const response = await platform.fetch(runnerHealthUrl, { redirect: "manual" });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the runner's health is ${response.status}`);
  };
}

/** Puts the stages together with what they need of this isolate. */
function createPipeline(
  config: GatewayConfig,
  platform: Platform,
): PipelineDeps & { readonly bundles: IsolateBundles } {
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
  return {
    bundles,
    resolve: { prompts: createPromptCache(), nowMs, chance },
    cache: createCacheApi(nowMs),
    flights: new Flights(),
    health: createIsolateHealth(crypto.randomUUID(), {
      ...clock,
      service: (environmentId) => config.targetHealth.getByName(environmentId),
      chance,
      log,
    }),
    dispatch: { ...clock, fetch: platform.fetch, allowedPrivateHosts: config.allowedPrivateHosts, chance },
    reserve: {
      ledger: (name) => config.ledger.getByName(name),
      shards: config.ledgerShards,
      pause: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
      nowMs,
      log,
    },
    record: { writer, putBodies: (key, text) => config.traceBodies.put(key, text), log },
    countTokens: (tokenizer, texts) => config.control.countTokens(tokenizer, texts),
    secret: config.secret,
    waitForTrace: config.traceDurability === "before-last-byte",
    newTraceId: () => newId("trace", { nowMs: nowMs(), random: platform.randomBytes(10) } satisfies IdSource),
    nowMs,
  };
}

function responseStore({ state }: GatewayConfig, { nowMs, log }: Platform): ResponseStore {
  return new ResponseStore({ bucket: stateBucket(state), nowMs, log });
}

/** Other clients' ways to ask for a chat. */
function addDialects(app: Hono, pipeline: PipelineDeps, responses: ResponseStore): void {
  const stored = { ...pipeline, responses };
  app.post("/v1/messages", messagesRoute(pipeline));
  app.post("/v1/messages/count_tokens", countTokensRoute(pipeline));
  app.post("/v1/responses", responsesRoute(pipeline, responses));
  app.get("/v1/responses/:id", retrieveResponseRoute(stored));
  app.delete("/v1/responses/:id", deleteResponseRoute(stored));
  app.post("/v1/responses/:id/cancel", cancelResponseRoute(stored));
  app.get("/v1/responses/:id/input_items", inputItemsRoute(stored));
}

/**
 * The gateway. One request of an inference route passes these stages, each a folder of `stages/` with one entry that takes read-only
 * values and returns a decision with its reason:
 *
 * 1. **authenticate** adds who calls (`Principal`) and the configuration that answers the whole exchange; takes the key away: nothing
 *    behind it sees one.
 * 2. **resolve** adds the target, the prompt version, the resolved hash and the request as the model gets it; takes `prompt`, Millrace's
 *    own field, away.
 * 3. **cache** adds nothing, or the answer.
 * 4. **dispatch** adds the answer: whole, or a stream whose first frames are here.
 * 5. **record** adds the trace, from what all the others decided and how long each took.
 *
 * `pipeline/` runs them in this order and carries the answer out; `stream/` is its one reader and one writer. Guards, retrieval and the
 * ledger are stages of their own between these. Everything else is a route that needs at most stage 1.
 */
export function createApp(config: GatewayConfig, platform: Platform): Hono {
  const pipeline = createPipeline(config, platform);
  const app = new Hono();

  if (config.allowedOrigins.length > 0) {
    app.use(async function cors(context, next) {
      const origin = context.req.header("origin") ?? null;
      if (context.req.method === "OPTIONS") return preflightResponse(origin, config.allowedOrigins);
      await next();
      for (const [name, value] of Object.entries(corsHeaders(origin, config.allowedOrigins)))
        context.header(name, value);
      return undefined;
    });
  }

  app.post("/v1/chat/completions", chatCompletionsRoute(pipeline));
  app.post("/v1/completions", completionsRoute(pipeline));
  app.post("/v1/embeddings", embeddingsRoute(pipeline));
  app.get("/v1/models", modelsRoute(pipeline));
  addDialects(app, pipeline, responseStore(config, platform));
  app.get("/api/v1/budgets/usage", budgetUsageRoute({ ...pipeline, ...pipeline.reserve }));
  app.all("/api/v1/*", controlRoute({ ...pipeline, control: config.control, log: platform.log }));
  app.get("/healthz", livenessRoute);
  app.get(
    "/readyz",
    readinessRoute({
      bundles: pipeline.bundles,
      staleMs: config.bundleStaleMs,
      pingHub: () => config.configHub.getByName("readiness").current(),
      askControl: () => config.control.ready(),
      pingRunner: runnerProbe(config, platform),
      nowMs: platform.nowMs,
    }),
  );
  const newNonce = (): string => btoa(String.fromCharCode(...platform.randomBytes(NONCE_BYTES)));
  app.route("/", createPages({ localKeyHint: config.localKeyHint, newNonce }));

  const taken: ReadonlyMap<string, string> = new Map(app.routes.map((route) => [route.path, route.method]));
  app.notFound((context) => {
    const method = taken.get(context.req.path);
    const error =
      method === undefined || method === "ALL"
        ? new MillraceError("not-found", { message: `There is nothing at ${context.req.path}.` })
        : new MillraceError("method-not-allowed", { message: `${context.req.path} takes ${method}.` });
    const headers = method === undefined || method === "ALL" ? {} : { allow: method };
    return errorResponse(error, { path: context.req.path, headers });
  });
  app.onError((cause, context) => {
    const error = toMillraceError(cause);
    if (error.code === "internal") platform.log("error", "request-failed", errorFields(cause));
    return errorResponse(error, { path: context.req.path });
  });
  return app;
}
