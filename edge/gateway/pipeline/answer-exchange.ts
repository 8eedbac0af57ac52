import { isMediaSurface, type JsonValue, toMillraceError } from "@millrace/core/contract";
import { errorFields } from "@millrace/core/log";
import type { Dialect } from "../dialects/dialect.ts";
import { withDialect } from "../dialects/with-dialect.ts";
import { Lifetime } from "../exchange/lifetime.ts";
import { planAttributes } from "../exchange/plan-attributes.ts";
import { traceContext } from "../exchange/trace-context.ts";
import type { HealthView } from "../health/health-view.ts";
import { checkHeaders } from "../http/check-headers.ts";
import { errorResponse } from "../http/error-response.ts";
import { readJsonBody } from "../http/read-json-body.ts";
import { authenticate, requirePermission } from "../stages/authenticate/index.ts";
import { type CacheDecision, lookUp } from "../stages/cache/index.ts";
import { dispatch } from "../stages/dispatch/index.ts";
import { resolve } from "../stages/resolve/index.ts";
import { collapse } from "./collapse.ts";
import { ExchangeRun, type Prepared, type Progress } from "./exchange-run.ts";
import { mediaResponse } from "./media-response.ts";
import type { Caller, PipelineDeps } from "./pipeline-deps.ts";
import { streamedResponse } from "./streamed-response.ts";
import { wholeResponse } from "./whole-response.ts";

/** A request as far as dispatch, and what is known of the places that can answer it. */
interface Ready {
  readonly prepared: Prepared;
  readonly health: HealthView;
}

async function askCache(run: ExchangeRun, asked: Pick<Prepared, "admission" | "resolution">): Promise<CacheDecision> {
  if (isMediaSurface(asked.resolution.surface)) return { state: "off", reason: "not-asked" };
  const looked = await lookUp(run.caller.request, asked, run.deps);
  return looked.state === "miss" ? collapse(run, looked) : looked;
}

async function prepare(run: ExchangeRun, note: (progress: Progress) => void): Promise<Ready> {
  const { caller, deps, dialect, timeline } = run;
  const { request } = caller;
  checkHeaders(request.headers);
  const admission = await timeline.measure(
    "authenticate",
    () => (caller.admit === undefined ? authenticate(request, caller.keepAlive, deps) : caller.admit()),
    traceContext(request.headers),
  );
  note({ admission });
  requirePermission(admission, "inference");
  const body = await (dialect.readBody ?? readJsonBody)(request);
  note({ admission, body });
  const inbound = { traceId: run.traceId, request, body, admission };
  const accepted = await dialect.accept(inbound);
  note({ admission, body, accepted });
  const health = deps.health.of(admission.principal.environmentId, caller.keepAlive);
  const resolution = await timeline.measure("resolve", async () => {
    const { surface } = dialect;
    const asked = { surface, body: accepted.body, headers: request.headers, admission, health };
    const resolved = await resolve(asked, deps.resolve);
    return withDialect(resolved, accepted, body);
  });
  note({ admission, body, accepted, resolution });
  const holding = run.hold({ admission, accepted, resolution });
  const cacheTold: Record<string, JsonValue> = {};
  const cacheDecision = await timeline.measure(
    "cache",
    async () => {
      const looked = await askCache(run, { admission, resolution });
      cacheTold["reason"] = looked.reason;
      return looked;
    },
    cacheTold,
  );
  if (cacheDecision.state !== "hit") await holding?.confirm();
  const progress = { admission, body, accepted, resolution, cache: cacheDecision.state };
  note(progress);
  return { prepared: { ...progress, cacheDecision }, health };
}

async function answer(run: ExchangeRun, note: (progress: Progress) => void): Promise<Response> {
  const { prepared, health } = await prepare(run, note);
  const { admission, resolution, cacheDecision } = prepared;
  if (cacheDecision.state === "hit") {
    return wholeResponse(run, prepared, {
      answer: { kind: "whole", text: cacheDecision.text, body: cacheDecision.body },
      fill: undefined,
    });
  }
  const fill = cacheDecision.state === "miss" ? cacheDecision : undefined;
  const { answer: modelAnswer, cancel } = await run.timeline.measure(
    "dispatch",
    () =>
      dispatch(resolution, {
        ...run.deps.dispatch,
        secret: (name) => run.deps.secret(admission.principal.projectSlug, name),
        callerLeft: run.caller.request.signal,
        attempts: run.attempts,
        mayCall: () => run.mayCall(),
        health,
      }),
    planAttributes(resolution.plan),
  );
  if (modelAnswer.kind === "media") return mediaResponse(run, prepared, { answer: modelAnswer, cancel });
  return modelAnswer.kind === "whole"
    ? wholeResponse(run, prepared, { answer: modelAnswer, fill })
    : streamedResponse(run, prepared, { answer: modelAnswer, cancel, fill });
}

/** The same, with whatever a stage throws as the one error answer. */
async function answerOrRefuse(run: ExchangeRun): Promise<Response> {
  const { caller, deps } = run;
  let progress: Progress = {};
  try {
    return await answer(run, (reached) => {
      progress = reached;
    });
  } catch (cause) {
    const error = toMillraceError(cause);
    if (error.code === "internal") {
      deps.record.log("error", "exchange-failed", { trace_id: run.traceId, ...errorFields(cause) });
    }
    const status =
      error.code === "client-closed" ? "cancelled" : error.code === "upstream-truncated" ? "truncated" : "error";
    await run.conclude(progress, {
      status,
      httpStatus: error.status,
      error,
      summary: undefined,
      firstTokenMs: undefined,
    });
    const { url, headers: asked } = caller.request;
    const path = new URL(url).pathname;
    return errorResponse(error, { path, asked, headers: run.headers(progress), traceId: run.traceId });
  }
}

/**
 * Answers one request by running the stages in order (`app.ts` lists them). Every exchange whose caller is known leaves a trace, also one whose
 * caller leaves before there is anything to answer: the work itself is kept alive, since a caller who hangs up ends whatever is not.
 */
export function answerExchange(dialect: Dialect, caller: Caller, deps: PipelineDeps): Promise<Response> {
  const lifetime = new Lifetime(caller.keepAlive);
  const own = { ...caller, keepAlive: (work: Promise<unknown>) => lifetime.add(work) };
  const answered = answerOrRefuse(new ExchangeRun(dialect, own, deps));
  lifetime.add(answered);
  return answered;
}
