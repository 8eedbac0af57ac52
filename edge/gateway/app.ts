import {
  type IdSource,
  type MediaSurface,
  MillraceError,
  newId,
  toMillraceError,
  traceOutboxName,
} from "@millrace/core/contract";
import { errorFields } from "@millrace/core/log";
import { Hono } from "hono";
import { BatchIndex } from "./batches/batch-index.ts";
import type { GatewayConfig } from "./config.ts";
import { ResponseStore } from "./dialects/responses/response-store.ts";
import { stateBucket } from "./dialects/responses/state-bucket.ts";
import { FileStore } from "./files/file-store.ts";
import { corsHeaders, preflightResponse } from "./http/cors.ts";
import { errorResponse } from "./http/error-response.ts";
import { type Served, timed } from "./http/server-timing.ts";
import { TELEMETRY_OBJECT } from "./metrics/telemetry-service.ts";
import { createPages } from "./pages/create-pages.tsx";
import { createPipeline, type Pipeline, type Platform } from "./pipeline/create-pipeline.ts";
import type { PipelineDeps } from "./pipeline/pipeline-deps.ts";
import { cancelBatchRoute, createBatchRoute, listBatchesRoute, retrieveBatchRoute } from "./routes/batches.ts";
import { budgetUsageRoute } from "./routes/budget-usage.ts";
import { chatCompletionsRoute } from "./routes/chat-completions.ts";
import { completionsRoute } from "./routes/completions.ts";
import { controlRoute } from "./routes/control.ts";
import { countTokensRoute } from "./routes/count-tokens.ts";
import { embeddingsRoute } from "./routes/embeddings.ts";
import {
  deleteFileRoute,
  fileContentRoute,
  listFilesRoute,
  retrieveFileRoute,
  uploadFileRoute,
} from "./routes/files.ts";
import { type HealthDeps, livenessRoute, readinessRoute } from "./routes/health.ts";
import { mediaPaths, mediaRoute } from "./routes/media.ts";
import { messagesRoute } from "./routes/messages.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { modelRoute, modelsRoute } from "./routes/models.ts";
import { moderationsRoute } from "./routes/moderations.ts";
import {
  cancelResponseRoute,
  deleteResponseRoute,
  inputItemsRoute,
  responsesRoute,
  retrieveResponseRoute,
} from "./routes/responses.ts";

const NONCE_BYTES = 16;

interface IsolateParts {
  readonly platform: Platform;
  readonly pipeline: Pipeline;
}

function runnerProbe({ runnerHealthUrl }: GatewayConfig, platform: Platform): (() => Promise<void>) | undefined {
  if (runnerHealthUrl === undefined) return undefined;
  return async () => {
    const response = await platform.fetch(runnerHealthUrl, { redirect: "manual" });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the runner's health is ${response.status}`);
  };
}

/** Objects answer under a name of their own, so that no tenant's is woken. */
const PROBE = "readiness";

function healthDeps(config: GatewayConfig, platform: Platform, { bundles }: Pipeline): HealthDeps {
  return {
    bundles,
    staleMs: config.bundleStaleMs,
    ping: {
      hub: () => config.configHub.getByName(PROBE).current(),
      store: () => config.bundles.get(PROBE),
      ledger: () => config.ledger.getByName(PROBE).usage({ limit: 1 }),
      health: () => config.targetHealth.getByName(PROBE).report({ isolate: PROBE, targets: {}, keys: {} }),
      outbox: () => config.traceOutbox.getByName(traceOutboxName(0)).read([]),
      telemetry: () => config.telemetry.getByName(TELEMETRY_OBJECT).ready(),
      runner: runnerProbe(config, platform),
    },
    askControl: () => config.control.ready(),
    nowMs: platform.nowMs,
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

/** What callers keep between their requests, and what is done for them while they are away. */
function addFilesAndBatches(app: Hono, config: GatewayConfig, { platform, pipeline }: IsolateParts): void {
  const { nowMs, randomBytes } = platform;
  const files = new FileStore({ bucket: config.state, nowMs });
  const idSource = (): IdSource => ({ nowMs: nowMs(), random: randomBytes(10) });
  const ofFiles = { ...pipeline, files, newFileId: () => newId("file", idSource()) };
  app.post("/v1/files", uploadFileRoute(ofFiles));
  app.get("/v1/files", listFilesRoute(ofFiles));
  app.get("/v1/files/:id", retrieveFileRoute(ofFiles));
  app.delete("/v1/files/:id", deleteFileRoute(ofFiles));
  app.get("/v1/files/:id/content", fileContentRoute(ofFiles));
  const batches = new BatchIndex({ bucket: config.state, run: (id) => config.batchRun.getByName(id) });
  const ofBatches = { ...pipeline, files, batches, newBatchId: () => newId("batch", idSource()) };
  app.post("/v1/batches", createBatchRoute(ofBatches));
  app.get("/v1/batches", listBatchesRoute(ofBatches));
  app.get("/v1/batches/:id", retrieveBatchRoute(ofBatches));
  app.post("/v1/batches/:id/cancel", cancelBatchRoute(ofBatches));
}

/**
 * The gateway. One request of an inference route passes these stages, each a folder of `stages/` with one entry that takes read-only
 * values and returns a decision with its reason:
 *
 * 1. **authenticate** adds who calls (`Principal`) and the configuration that answers the whole exchange; takes the key away: nothing
 *    behind it sees one.
 * 2. **resolve** adds the target, the prompt version, the resolved hash and the request as the model gets it; takes `prompt`, Millrace's
 *    own field, away.
 * 3. **reserve** holds, in the ledger, the most that the exchange can take; it runs beside the next stage.
 * 4. **cache** adds nothing, or the answer.
 * 5. **dispatch** adds the answer: whole, or a stream whose first frames are here.
 * 6. **record** adds the trace, from what all the others decided and how long each took.
 *
 * `pipeline/` runs them in this order and carries the answer out; `stream/` is its one reader and one writer. Guards and
 * retrieval are stages of their own between these. Everything else is a route that needs at most stage 1.
 */
export function createApp(
  config: GatewayConfig,
  platform: Platform,
  pipeline: Pipeline = createPipeline(config, platform),
): Hono {
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
  app.post("/v1/moderations", moderationsRoute(pipeline));
  for (const [surface, path] of Object.entries(mediaPaths) as [MediaSurface, string][])
    app.post(path, mediaRoute(surface, pipeline));
  app.get("/v1/models", modelsRoute(pipeline));
  app.get("/v1/models/:id{.+}", modelRoute(pipeline));
  addDialects(app, pipeline, responseStore(config, platform));
  addFilesAndBatches(app, config, { platform, pipeline });
  app.get("/api/v1/budgets/usage", budgetUsageRoute({ ...pipeline, ...pipeline.reserve }));
  app.all("/api/v1/*", controlRoute({ ...pipeline, control: config.control, log: platform.log }));
  app.get("/healthz", livenessRoute);
  app.get("/readyz", readinessRoute(healthDeps(config, platform, pipeline)));
  app.get(
    "/metrics",
    metricsRoute({
      metrics: pipeline.metrics,
      telemetry: (name) => config.telemetry.getByName(name),
      token: config.metricsToken,
      isLocalStack: config.localKeyHint !== undefined,
      log: platform.log,
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
    return errorResponse(error, { path: context.req.path, asked: context.req.raw.headers, headers });
  });
  app.onError((cause, context) => {
    const error = toMillraceError(cause);
    if (error.code === "internal") platform.log("error", "request-failed", errorFields(cause));
    return errorResponse(error, { path: context.req.path, asked: context.req.raw.headers });
  });
  return app;
}

/** What the runtime hands a request over to. */
export type GatewayFetch = (request: Request, env: unknown, context: ExecutionContext) => Promise<Response>;

/** The gateway as the Worker runs it: the app, timed and counted. */
export function createGateway(config: GatewayConfig, platform: Platform): GatewayFetch {
  const pipeline = createPipeline(config, platform);
  const { metrics } = pipeline;
  const app = createApp(config, platform, pipeline);
  return timed<ExecutionContext>((request, env, context) => app.fetch(request, env as object, context), {
    nowMs: platform.nowMs,
    observe({ route, status, elapsedMs }: Served, context) {
      metrics.count("httpRequests", [route, String(status)]);
      metrics.observe("httpResponse", [route], elapsedMs / 1000);
      metrics.touch((work) => context.waitUntil(work));
    },
  });
}
