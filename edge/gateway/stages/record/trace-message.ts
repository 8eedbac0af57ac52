import {
  type AskedSurface,
  type JsonObject,
  MAX_INLINE_TRACE_BYTES,
  type TraceBodies,
  type TraceRecord,
  type TraceStatus,
  type Usage,
  type UsageDetail,
  usageDetailSchema,
} from "@millrace/core/contract";
import type { Admission } from "../../exchange/admission.ts";
import type { AnswerSummary } from "../../exchange/answer.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import type { Timeline } from "../../exchange/timeline.ts";
import type { ExchangeAccount } from "./account-for.ts";

/** Everything that is known of one exchange when it is over. What never came to be is undefined. */
export interface ExchangeFacts {
  readonly traceId: string;
  readonly surface: AskedSurface;
  readonly admission: Admission;
  readonly request:
    | { readonly fields: Readonly<JsonObject>; readonly text: string; readonly bytes: number }
    | undefined;
  /** The request in the pipeline's words, which say the same of model, user and metadata whatever dialect the caller spoke. */
  readonly asked: Readonly<JsonObject> | undefined;
  readonly resolution: Resolution | undefined;
  readonly summary: AnswerSummary | undefined;
  readonly cache: TraceRecord["cache"];
  readonly status: TraceStatus;
  readonly httpStatus: number;
  readonly errorCode: string | undefined;
  readonly firstTokenMs: number | undefined;
  readonly attempts: AttemptLog;
  readonly account: ExchangeAccount;
  readonly timeline: Timeline;
}

function metadataOf(fields: Readonly<JsonObject> | undefined): Record<string, string> {
  const metadata = fields?.["metadata"];
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata)) return {};
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
  );
}

/** Counts of a usage that a trace keeps by name. */
const details: Readonly<Record<UsageDetail, keyof Usage>> = {
  cache_write_tokens: "cacheWriteTokens",
  cache_write_1h_tokens: "cacheWrite1hTokens",
  audio_input_tokens: "audioInputTokens",
  audio_output_tokens: "audioOutputTokens",
  image_input_tokens: "imageInputTokens",
  image_output_tokens: "imageOutputTokens",
  images: "images",
  audio_seconds: "audioSeconds",
  characters: "characters",
};

function detailsOf(usage: Usage): Partial<Record<UsageDetail, number>> {
  const known: Partial<Record<UsageDetail, number>> = {};
  for (const name of usageDetailSchema.options) {
    const count = usage[details[name]];
    if (typeof count === "number") known[name] = count;
  }
  return known;
}

function usageOf(usage: Usage | undefined): TraceRecord["usage"] {
  if (usage === undefined) return null;
  return {
    input_tokens: usage.inputTokens ?? null,
    output_tokens: usage.outputTokens ?? null,
    cached_input_tokens: usage.cachedInputTokens ?? null,
    reasoning_tokens: usage.reasoningTokens ?? null,
    source: usage.source,
    details: detailsOf(usage),
    estimated_by: usage.estimatedBy ?? null,
  };
}

function textField(fields: Readonly<JsonObject> | undefined, name: string): string | null {
  const value = fields?.[name];
  return typeof value === "string" ? value : null;
}

function microseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}

/** What resolve and dispatch settled; null where they were not reached. */
function answered(facts: ExchangeFacts) {
  const { resolution, summary } = facts;
  return {
    model: summary?.model ?? resolution?.target.model ?? null,
    provider: resolution?.target.provider.name ?? null,
    tier: resolution?.target.tier ?? null,
    prompt: resolution?.prompt ?? null,
    resolved_hash: resolution?.resolvedHash ?? null,
    finish_reasons: [...(summary?.finishReasons ?? [])],
  };
}

/** The record without the bodies: small, and everything that a list or a chart needs. */
export function traceRecord(facts: ExchangeFacts): TraceRecord {
  const { account, admission, resolution, timeline } = facts;
  const fields = facts.asked ?? facts.request?.fields;
  return {
    schema: 1,
    id: facts.traceId,
    project_id: admission.principal.projectId,
    environment_id: admission.principal.environmentId,
    key_id: admission.principal.keyId,
    surface: facts.surface,
    started_at_ms: Math.round(timeline.startedAtMs),
    duration_us: microseconds(timeline.elapsedMs()),
    first_token_us: facts.firstTokenMs === undefined ? null : microseconds(facts.firstTokenMs),
    status: facts.status,
    http_status: facts.httpStatus,
    error_code: facts.errorCode ?? null,
    streamed: resolution?.stream ?? fields?.["stream"] === true,
    requested: textField(fields, "model") ?? "",
    ...answered(facts),
    bundle: { epoch: admission.config.epoch, hash: admission.config.hash, stale: admission.config.stale },
    cache: facts.cache,
    usage: usageOf(account.usage),
    cost_usd_micros: account.costUsdMicros ?? null,
    saved_usd_micros: account.savedUsdMicros ?? null,
    price_version: account.priceVersion ?? null,
    user: textField(fields, "user"),
    metadata: metadataOf(fields),
    spans: timeline.spans(facts.traceId),
  };
}

/** One UTF-16 unit is at most three bytes of UTF-8. */
const MAX_BYTES_PER_CHAR = 3;

/** What was said, and whether it is too large for a queue message. Errs towards large, and never encodes a text just to measure it. */
export function traceBodies(
  facts: ExchangeFacts,
): { readonly bodies: TraceBodies; readonly large: string | undefined } | undefined {
  if (facts.request === undefined) return undefined;
  const bodies: TraceBodies = {
    request: facts.request.fields,
    rendered: facts.resolution?.rendered ?? null,
    response: facts.summary?.response ?? null,
  };
  const rendered = bodies.rendered === null ? "null" : (facts.resolution?.text ?? "null");
  const response = JSON.stringify(bodies.response);
  const chars = rendered.length + response.length;
  if (facts.request.bytes + chars * MAX_BYTES_PER_CHAR <= MAX_INLINE_TRACE_BYTES) return { bodies, large: undefined };
  const text = `{"request":${facts.request.text},"rendered":${JSON.stringify(bodies.rendered)},"response":${response}}`;
  return { bodies, large: text };
}

/** Where large bodies of a trace lie: by day, so that retention is one prefix. */
export function bodiesKey(record: TraceRecord): string {
  return `traces/${new Date(record.started_at_ms).toISOString().slice(0, 10)}/${record.environment_id}/${record.id}.json`;
}

/** A request without a body that could be read has an empty one. */
export const NO_BODIES: TraceBodies = { request: {}, rendered: null, response: null };
