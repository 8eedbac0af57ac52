import { createHash, timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { MillraceError, renderOpenAiError, toMillraceError } from "@millrace/core/contract";
import { chatRoute } from "./chat-route.ts";
import { completionRoute } from "./completion-route.ts";
import { embeddingRoute } from "./embedding-route.ts";
import type { HealthCheck } from "./health.ts";
import type { RequestScope } from "./request-scopes.ts";
import type { RunnerDeps } from "./runner-deps.ts";

export interface AppDeps extends RunnerDeps {
  readonly health: HealthCheck;
  /** Bearer token that /v1 and /metrics ask for; undefined = open. */
  readonly token: string | undefined;
  readonly log: (event: object) => void;
}

type Route = (request: Request, scope: RequestScope, deps: RunnerDeps) => Promise<Response>;

/** The HTTP surface: 1. authorization 2. OpenAI's routes 3. health and metrics 4. every error in OpenAI's envelope. */
export function createApp(deps: AppDeps): Hono {
  const app = new Hono();
  const createdSeconds = Math.floor(deps.nowMs() / 1000);

  app.use("/v1/*", authorize(deps.token));
  app.use("/metrics", authorize(deps.token));

  const post = (path: string, name: string, route: Route) => {
    app.post(path, async (context) => {
      let scope: RequestScope | undefined;
      try {
        scope = deps.scopes.open(context.req.raw);
        return await route(context.req.raw, scope, deps);
      } catch (thrown) {
        scope?.end();
        deps.metrics.countRequest(name, toMillraceError(thrown).code);
        throw thrown;
      }
    });
  };
  post("/v1/chat/completions", "chat", chatRoute);
  post("/v1/completions", "completions", completionRoute);
  post("/v1/embeddings", "embeddings", embeddingRoute);

  const model = { id: deps.modelName, object: "model", created: createdSeconds, owned_by: "millrace" };
  app.get("/v1/models", (context) => context.json({ object: "list", data: [model] }));
  app.get("/v1/models/:id{.+}", (context) => {
    if (context.req.param("id") !== deps.modelName) throw new MillraceError("unknown-model", { param: "model" });
    return context.json(model);
  });

  app.get("/healthz", async (context) => {
    const health = await deps.health.check();
    return context.json({ ...health, model: deps.modelName }, health.status === "ready" ? 200 : 503);
  });
  app.get("/metrics", (context) => {
    const engine = deps.engine();
    const none = "missing" in engine;
    const text = deps.metrics.render({
      queued: deps.scheduler.queued,
      active: deps.scheduler.active,
      engineRestarts: none ? 0 : engine.restarts(),
      runnerBytes: process.memoryUsage.rss(),
      engineBytes: none ? undefined : engine.residentBytes(),
      ready: !none && engine.state().state === "ready",
    });
    return context.text(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  });

  app.notFound((context) => {
    const error = new MillraceError("not-found", { message: `There is no ${context.req.method} ${context.req.path}.` });
    return context.json(renderOpenAiError(error), 404);
  });
  app.onError((thrown) => errorResponse(thrown, deps.log));
  return app;
}

function errorResponse(thrown: unknown, log: AppDeps["log"]): Response {
  const error = toMillraceError(thrown);
  if (error.code === "internal") log({ event: "request-failed", error: wordsOf(error.cause) });
  const retry = error.retryAfterSeconds ?? (error.code === "model-unavailable" ? 1 : undefined);
  return Response.json(renderOpenAiError(error), {
    status: error.status,
    headers: retry === undefined ? {} : { "retry-after": String(retry) },
  });
}

function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : JSON.stringify(thrown);
}

/** Compares digests of equal length, so that neither the time nor the length of the comparison tells anything. */
function authorize(token: string | undefined) {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = token === undefined ? undefined : digest(token);
  return async (context: { req: { header(name: string): string | undefined } }, next: () => Promise<void>) => {
    if (expected !== undefined) {
      const given = /^Bearer (.+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
      if (given === undefined) throw new MillraceError("missing-key");
      if (!timingSafeEqual(digest(given), expected)) throw new MillraceError("invalid-key");
    }
    await next();
  };
}
