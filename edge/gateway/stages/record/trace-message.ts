import {
  type AskedSurface,
  type JsonObject,
  type TraceRecord,
  type TraceStatus,
  type Usage,
  type UsageDetail,
  usageDetailSchema,
} from "@millrace/core/contract";
import type { Admission } from "../../exchange/admission.ts";
import type { AttemptLog } from "../../exchange/attempt-log.ts";
import type { AnswerSummary } from "../../exchange/answer.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import type { Target } from "../../exchange/target.ts";
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
  /** Beside the caller's own metadata. */
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly resolution: Resolution | undefined;
  readonly summary: AnswerSummary | undefined;
  readonly cache: TraceRecord["cache"];
  readonly status: TraceStatus;
  readonly httpStatus: number;
  readonly errorCode: string | undefined;
  readonly firstTokenMs: number | undefined;
  readonly timeline: Timeline;
  readonly attempts: AttemptLog;
  readonly account: ExchangeAccount;
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

/** Who answered; where nobody did, the last that was asked; where nobody was asked, who would have been. */
function targetOf({ attempts, resolution }: ExchangeFacts): Target | undefined {
  return attempts.answeredBy ?? attempts.attempts.at(-1)?.target ?? resolution?.candidates[0];
}

/** What resolve and dispatch settled; null where they were not reached. */
function answered(facts: ExchangeFacts) {
  const { resolution, summary } = facts;
  const target = targetOf(facts);
  return {
    model: summary?.model ?? target?.model ?? null,
    provider: target?.provider.name ?? null,
    tier: target?.tier ?? null,
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
    metadata: { ...metadataOf(fields), ...facts.tags },
    spans: timeline.spans(facts.traceId),
  };
}

/** Where large bodies of a trace lie: by day, so that retention is one prefix. */
export function bodiesKey(record: TraceRecord): string {
  return `traces/${new Date(record.started_at_ms).toISOString().slice(0, 10)}/${record.environment_id}/${record.id}.json`;
}
