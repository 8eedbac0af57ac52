import { type CountTokensResponse, MillraceError, toMillraceError } from "@millrace/core/contract";
import type { Handler } from "hono";
import { betasOf } from "../dialects/messages/index.ts";
import { translateMessages } from "../dialects/messages/request.ts";
import { translatedBody } from "../dialects/translated-body.ts";
import { withDialect } from "../dialects/with-dialect.ts";
import type { Admission } from "../exchange/admission.ts";
import type { Resolution } from "../exchange/resolution.ts";
import { checkHeaders } from "../http/check-headers.ts";
import { readJsonBody } from "../http/read-json-body.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";
import { providerRegistry } from "../providers/registry.ts";
import { authenticate, requirePermission } from "../stages/authenticate/index.ts";
import { createGuardedFetch } from "../stages/dispatch/guarded-fetch.ts";
import { resolve } from "../stages/resolve/index.ts";

/** Who counted: `provider`, or `estimated` from the length of the text. */
const COUNTED_BY_HEADER = "x-millrace-token-count";

/** The first target's own count; undefined where it offers none or is away, which an estimate survives. */
async function providerCount(
  resolution: Resolution,
  exchange: { readonly admission: Admission; readonly request: Request },
  deps: PipelineDeps,
): Promise<number | undefined> {
  const [target] = resolution.candidates;
  const { provider } = target;
  const adapter = providerRegistry[provider.kind];
  if (adapter.countTokens === undefined) return undefined;
  const controller = new AbortController();
  const { setTimer, clearTimer, fetch, allowedPrivateHosts } = deps.dispatch;
  const timer = setTimer(() => controller.abort(new MillraceError("upstream-timeout")), provider.timeouts.headers_ms);
  const secretName = provider.secrets?.[0] ?? provider.secret;
  try {
    const signal = AbortSignal.any([controller.signal, exchange.request.signal]);
    return await adapter.countTokens(resolution.callFor(target), {
      fetch: createGuardedFetch({ fetch, allowedPrivateHosts, signal }),
      secret: secretName === undefined ? undefined : deps.secret(exchange.admission.principal.projectSlug, secretName),
      awaiting: () => undefined,
    });
  } catch (cause) {
    const error = toMillraceError(cause);
    // What is wrong with the request is wrong for the answer as well.
    if (error.status < 429) throw error;
    return undefined;
  } finally {
    clearTimer(timer);
  }
}

/**
 * POST /v1/messages/count_tokens: how long a request is, without an answer. The provider counts where it can, else the length of the text is
 * the estimate that routes and budgets go by; `x-millrace-token-count` says which.
 */
export function countTokensRoute(deps: PipelineDeps): Handler {
  return async (context) => {
    const request = context.req.raw;
    const keepAlive = (work: Promise<unknown>): void => context.executionCtx.waitUntil(work);
    checkHeaders(request.headers);
    const admission = await authenticate(request, keepAlive, deps);
    requirePermission(admission, "inference");
    const received = await readJsonBody(request);
    const { fields, native, nativeOnly } = translateMessages(received.fields, {
      betas: betasOf(request.headers),
      counting: true,
    });
    const body = translatedBody(received, fields);
    const health = deps.health.of(admission.principal.environmentId, keepAlive);
    const asked = { surface: "chat", body, headers: request.headers, admission, health } as const;
    const accepted = { body, native, nativeOnly };
    const resolution = await withDialect(await resolve(asked, deps.resolve), accepted, received);
    const counted = await providerCount(resolution, { admission, request }, deps);
    const answer: CountTokensResponse = { input_tokens: counted ?? resolution.inputTokens };
    return context.json(answer, 200, { [COUNTED_BY_HEADER]: counted === undefined ? "estimated" : "provider" });
  };
}
