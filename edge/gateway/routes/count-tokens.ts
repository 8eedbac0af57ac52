import {
  type CountTokensResponse,
  type ErrorCode,
  type JsonValue,
  MillraceError,
  toMillraceError,
} from "@millrace/core/contract";
import { tokenizerOf } from "@millrace/core/pricing";
import { classifyFailure } from "@millrace/core/routing";
import type { Handler } from "hono";
import { betasOf } from "../dialects/messages/index.ts";
import { translateMessages } from "../dialects/messages/request.ts";
import { translatedBody } from "../dialects/translated-body.ts";
import { withDialect } from "../dialects/with-dialect.ts";
import type { Admission } from "../exchange/admission.ts";
import type { Resolution } from "../exchange/resolution.ts";
import type { PlannedTarget } from "../exchange/target.ts";
import type { AdmittedCall, CallOutcome, HealthView } from "../health/health-view.ts";
import { readJsonBody } from "../http/read-json-body.ts";
import type { PipelineDeps } from "../pipeline/pipeline-deps.ts";
import { within } from "../memory/within.ts";
import { providerRegistry } from "../providers/registry.ts";
import { createGuardedFetch } from "../stages/dispatch/guarded-fetch.ts";
import { resolve } from "../stages/resolve/index.ts";
import { admit } from "./admit.ts";

/** Who counted: `provider`, a published `tokenizer` of the model, or `estimated` from the length of the text. */
const COUNTED_BY_HEADER = "x-millrace-token-count";

interface CountExchange {
  readonly admission: Admission;
  readonly request: Request;
  readonly health: HealthView;
}

/** Failures that would have met an answer as well: nobody is there, or the key is not taken. What else fails a count is its own affair. */
const TELLING: readonly ErrorCode[] = ["upstream-refused", "upstream-timeout"];

function outcomeOf(error: MillraceError, callerLeft: AbortSignal): CallOutcome {
  const failure = classifyFailure(error);
  const isTelling = failure.class === "key" || TELLING.includes(error.code);
  return isTelling && !callerLeft.aborted ? { kind: "failed", failure } : { kind: "cancelled" };
}

/** A place for a count, as for any call of the target; none where it would take the place of a call that finds out how the target is. */
async function placeFor(target: PlannedTarget, health: HealthView, nowMs: number): Promise<AdmittedCall | undefined> {
  const admittance = health.admit(target, { nowMs });
  const place =
    !admittance.ok && admittance.reason === "at-capacity" ? ((await admittance.ask?.()) ?? admittance) : admittance;
  if (!place.ok) return undefined;
  if (!place.isProbe) return place;
  place.release({ kind: "cancelled" }, nowMs);
  return undefined;
}

/** The first target's own count; undefined where it offers none, has no place for a call, or is away, which an estimate survives. */
async function providerCount(
  resolution: Resolution,
  { admission, request, health }: CountExchange,
  deps: PipelineDeps,
): Promise<number | undefined> {
  const [target] = resolution.candidates;
  const { provider } = target;
  const adapter = providerRegistry[provider.kind];
  if (adapter.countTokens === undefined) return undefined;
  const { setTimer, clearTimer, fetch, allowedPrivateHosts, nowMs } = deps.dispatch;
  const place = await placeFor(target, health, nowMs());
  if (place === undefined) return undefined;
  const { secretName } = place;
  const controller = new AbortController();
  const timer = setTimer(() => controller.abort(new MillraceError("upstream-timeout")), provider.timeouts.headers_ms);
  // A count says nothing of how answers fare.
  let outcome: CallOutcome = { kind: "cancelled" };
  try {
    const signal = AbortSignal.any([controller.signal, request.signal]);
    return await adapter.countTokens(resolution.callFor(target), {
      fetch: createGuardedFetch({ fetch, allowedPrivateHosts, signal }),
      secret: secretName === undefined ? undefined : deps.secret(admission.principal.projectSlug, secretName),
      awaiting: () => undefined,
    });
  } catch (cause) {
    const error = toMillraceError(cause);
    outcome = outcomeOf(error, request.signal);
    // What is wrong with the request is wrong for the answer as well.
    if (error.status < 429) throw error;
    return undefined;
  } finally {
    clearTimer(timer);
    place.release(outcome, nowMs());
  }
}

/** What OpenAI's chat format adds to each message: https://github.com/openai/openai-cookbook, "How to count tokens". */
const TOKENS_PER_MESSAGE = 3;
/** A count is waited for no longer than this; a vocabulary loads in a quarter of it. */
const COUNT_LIMIT_MS = 1_000;

/** Every text in it that a model reads. Undefined where there is more than text. */
function textsOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  if (!Array.isArray(value) && (value["type"] === "image_url" || value["type"] === "file")) return undefined;
  const texts: string[] = [];
  for (const inner of Object.values(value)) {
    const found = textsOf(inner);
    if (found === undefined) return undefined;
    texts.push(...found);
  }
  return texts;
}

/** The count by the model's own tokenizer; undefined where none is published here, or it does not answer in time. */
async function tokenizerCount(resolution: Resolution, deps: PipelineDeps): Promise<number | undefined> {
  const { messages, tools } = resolution.fields;
  const tokenizer = tokenizerOf(resolution.candidates[0].model);
  const said = textsOf(messages);
  if (tokenizer === undefined || said === undefined) return undefined;
  const texts = tools === undefined ? said : [...said, JSON.stringify(tools)];
  try {
    const counts = await within(deps.countTokens(tokenizer, texts), COUNT_LIMIT_MS);
    const framing = (Array.isArray(messages) ? messages.length + 1 : 1) * TOKENS_PER_MESSAGE;
    return counts.reduce((sum, each) => sum + each, framing);
  } catch {
    // The estimate below stands in, and says that it is one.
    return undefined;
  }
}

async function count(
  resolution: Resolution,
  exchange: CountExchange,
  deps: PipelineDeps,
): Promise<{ readonly tokens: number; readonly by: string }> {
  const provider = await providerCount(resolution, exchange, deps);
  if (provider !== undefined) return { tokens: provider, by: "provider" };
  const tokenizer = await tokenizerCount(resolution, deps);
  if (tokenizer !== undefined) return { tokens: tokenizer, by: "tokenizer" };
  return { tokens: resolution.inputTokens, by: "estimated" };
}

/**
 * POST /v1/messages/count_tokens: how long a request is, without an answer. The provider counts where it can, else the
 * model's published tokenizer, else the length of the text, which routes and budgets go by as well; `x-millrace-token-count` says which.
 */
export function countTokensRoute(deps: PipelineDeps): Handler {
  return async (context) => {
    const request = context.req.raw;
    const admission = await admit(context, "inference", deps);
    const received = await readJsonBody(request);
    const { fields, native, nativeOnly } = translateMessages(received.fields, {
      betas: betasOf(request.headers),
      counting: true,
    });
    const body = translatedBody(received, fields);
    const health = deps.health.of(admission.principal.environmentId, (work) => context.executionCtx.waitUntil(work));
    const asked = { surface: "chat", body, headers: request.headers, admission, health } as const;
    const accepted = { body, native, nativeOnly };
    const resolution = await withDialect(await resolve(asked, deps.resolve), accepted, received);
    const { tokens, by } = await count(resolution, { admission, request, health }, deps);
    return context.json({ input_tokens: tokens } satisfies CountTokensResponse, 200, { [COUNTED_BY_HEADER]: by });
  };
}
