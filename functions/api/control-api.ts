import { MillraceError, newId, type Principal, renderProblem, toMillraceError } from "@millrace/core/contract";
import { errorFields } from "@millrace/core/log";
import type { ApiOperation } from "@millrace/core/openapi";
import { type Context, Hono } from "hono";
import { asStateError, databaseFailure } from "../database-error.ts";
import type { Change, NewId } from "../stores/tenant.ts";
import type { Call, ControlDeps, Handlers, Reply } from "./call.ts";
import { cacheHandlers } from "./cache.ts";
import { budgetHandlers } from "./budgets.ts";
import { catalogHandlers } from "./catalog.ts";
import { keyHandlers } from "./keys.ts";
import { labelHandlers } from "./labels.ts";
import { operationHandlers } from "./operations.ts";
import { controlOperations, requirePermission } from "./permissions.ts";
import { priceHandlers } from "./prices.ts";
import { promptFileHandlers } from "./prompt-files.ts";
import { promptHandlers } from "./prompts.ts";
import { readJson } from "./read-json.ts";
import { traceHandlers } from "./traces.ts";
import { validate } from "./validate.ts";

/** What the gateway passes beside the request. */
interface ControlEnv {
  Bindings: { readonly principal: Principal };
}

export const controlHandlers: Handlers = {
  ...promptHandlers,
  ...promptFileHandlers,
  ...labelHandlers,
  ...catalogHandlers,
  ...priceHandlers,
  ...cacheHandlers,
  ...budgetHandlers,
  ...keyHandlers,
  ...traceHandlers,
  ...operationHandlers,
};

/** Answers one request of an authenticated principal. */
export type ControlApi = (request: Request, principal: Principal) => Promise<Response>;

/**
 * Everything under `/api/v1`. The routes, their permissions and their schemas are those of the table that /docs is made from; each handler gets
 * what has passed them. Errors leave as problem+json.
 * @throws Error at construction when an operation of the table has no handler.
 */
export function createControlApi(deps: ControlDeps): ControlApi {
  const app = new Hono<ControlEnv>();
  for (const operation of controlOperations) {
    const handler = controlHandlers[operation.id];
    if (handler === undefined) throw new Error(`no handler for ${operation.id}`);
    app.on(operation.method.toUpperCase(), routePath(operation), async (context) => {
      const { principal } = context.env;
      requirePermission(principal, operation.permission);
      return respond(await handler(await readCall({ deps, operation, context })));
    });
  }
  for (const path of new Set(controlOperations.map(routePath))) {
    app.all(path, () => {
      throw new MillraceError("method-not-allowed");
    });
  }
  app.notFound(() => problem(new MillraceError("not-found")));
  app.onError((error) => problem(visibleError(error, deps)));
  return async (request, principal) => app.fetch(request, { principal });
}

function routePath({ path }: ApiOperation): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

interface CallSource {
  readonly deps: ControlDeps;
  readonly operation: ApiOperation;
  readonly context: Context<ControlEnv>;
}

async function readCall({ deps, operation, context }: CallSource): Promise<Call> {
  const { principal } = context.env;
  const tenant = { db: deps.db, principal };
  const change: Change = { ...tenant, at: deps.now(), newId: idSource(deps) };
  const params: Record<string, string> = context.req.param();
  const query = operation.query === undefined ? {} : validate(operation.query, context.req.query());
  const body =
    operation.request === undefined ? undefined : validate(operation.request.schema, await readJson(context.req.raw));
  return { deps, principal, tenant, change, params, query, body };
}

/** RFC 9562 asks for 74 random bits; newId takes 10 bytes and overwrites version and variant. */
function idSource({ now, randomBytes }: ControlDeps): NewId {
  return (kind) => newId(kind, { nowMs: now().getTime(), random: randomBytes(10) });
}

function respond({ status, body, text }: Reply): Response {
  if (text !== undefined)
    return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
  return body === undefined ? new Response(null, { status }) : Response.json(body, { status });
}

function visibleError(error: unknown, { log }: ControlDeps): MillraceError {
  const visible = toMillraceError(notStorable(error) ?? asStateError(error));
  if (visible.code === "internal" || visible.code === "state-unavailable")
    log("error", "control-api-failed", errorFields(error));
  return visible;
}

/** 22021, 22P05: text that PostgreSQL cannot keep reached it by way of the path or the query. */
function notStorable(error: unknown): MillraceError | undefined {
  const state = databaseFailure(error)?.sqlState;
  if (state !== "22021" && state !== "22P05") return undefined;
  return new MillraceError("invalid-request", { message: "The path or the query holds text that cannot be stored." });
}

function problem(error: MillraceError): Response {
  const retry = error.retryAfterSeconds;
  return new Response(JSON.stringify(renderProblem(error)), {
    status: error.status,
    headers: {
      "content-type": "application/problem+json",
      ...(retry === undefined ? {} : { "retry-after": String(retry) }),
    },
  });
}
