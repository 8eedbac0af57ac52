import type { JsonObject, JsonValue, Span } from "@millrace/core/contract";
import {
  type Attributes,
  contentAttributes,
  operationName,
  providerName,
  requestAttributes,
  responseAttributes,
} from "./gen-ai.ts";
import { otlpAttributes, type OtlpSpan, spanKinds, statusCodes, unixNano } from "./otlp.ts";
import type { ExportedTrace } from "./read-exports.ts";

/** Bits 8 and 9 of a span's flags: it is known whether the parent was in another process, and it was. */
const FLAG_REMOTE_KNOWN = 0x100;
const FLAG_REMOTE = 0x200;
const SAMPLED = 0x01;
/** Ends the root's id where the others have their index: an exchange has fewer spans. */
const ROOT_INDEX = "ff";

interface Place {
  readonly traceId: string;
  readonly rootId: string;
  readonly flags: number;
  readonly remote: { readonly parentId: string; readonly state: string | undefined } | undefined;
}

function hexOf(id: string): string {
  return id.slice(id.indexOf("_") + 1);
}

/** A span's id is the end of ours: it holds chance and the span's index. */
function spanId(id: string): string {
  return hexOf(id).slice(-16).padStart(16, "0");
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Where the trace stands: in the caller's, where they sent a valid `traceparent`, else for itself. The gateway keeps it with the first span. */
function placeOf({ id, spans }: ExportedTrace): Place {
  const hex = hexOf(id);
  const rootId = hex.slice(-16, -2) + ROOT_INDEX;
  const holder = spans.find(({ attributes }) => typeof attributes["traceparent"] === "string");
  const [, traceId, parentId, flags] = text(holder?.attributes["traceparent"])?.split("-") ?? [];
  if (traceId === undefined || parentId === undefined)
    return { traceId: hex, rootId, flags: SAMPLED, remote: undefined };
  const state = text(holder?.attributes["tracestate"]);
  return { traceId, rootId, flags: Number.parseInt(flags ?? "01", 16), remote: { parentId, state } };
}

function statusOf(errorCode: string | undefined | null): OtlpSpan["status"] {
  return errorCode === undefined || errorCode === null ? {} : { code: statusCodes.error, message: errorCode };
}

function rootSpan(trace: ExportedTrace, place: Place): OtlpSpan {
  const { traceId, rootId, flags, remote } = place;
  const called = trace.spans.some(({ name }) => name === "attempt");
  const attributes: Attributes = {
    ...requestAttributes(trace),
    "gen_ai.request.model": trace.requested === "" ? undefined : trace.requested,
    // Of an exchange that failed the model is the one that was asked last.
    ...(trace.status === "error" ? {} : responseAttributes(trace)),
    // Where no model was called, nobody else can say what was said.
    ...(called ? {} : contentAttributes(trace)),
    "http.response.status_code": trace.http_status,
    "error.type": trace.error_code,
    "enduser.id": trace.end_user,
    "millrace.trace.id": trace.id,
    "millrace.project.id": trace.project_id,
    "millrace.environment.id": trace.environment_id,
    "millrace.key.id": trace.key_id,
    "millrace.surface": trace.surface,
    "millrace.status": trace.status,
    "millrace.streamed": trace.streamed,
    "millrace.cache": trace.cache,
    "millrace.tier": trace.tier,
    "millrace.provider": trace.provider,
    "millrace.prompt.name": trace.prompt_name,
    "millrace.prompt.version": trace.prompt_version,
    "millrace.prompt.label": trace.prompt_label,
    "millrace.cost_usd_micros": trace.cost_usd_micros,
    // Under names of our own: who adds up gen_ai.usage must find each call once.
    "millrace.usage.input_tokens": trace.input_tokens,
    "millrace.usage.output_tokens": trace.output_tokens,
    "millrace.first_token_us": trace.first_token_us,
  };
  return {
    traceId,
    spanId: rootId,
    ...(remote === undefined ? {} : { parentSpanId: remote.parentId }),
    ...(remote?.state === undefined ? {} : { traceState: remote.state }),
    flags: flags | FLAG_REMOTE_KNOWN | (remote === undefined ? 0 : FLAG_REMOTE),
    name: `${operationName(trace.surface)} ${trace.requested}`.trim(),
    kind: spanKinds.server,
    startTimeUnixNano: unixNano(trace.started_at_ms),
    endTimeUnixNano: unixNano(trace.started_at_ms + trace.duration_us / 1000),
    attributes: otlpAttributes(attributes),
    status: statusOf(trace.error_code),
  };
}

function usageAttributes(usage: JsonObject, trace: ExportedTrace, isAnswer: boolean): Attributes {
  const count = (name: string): number | undefined => (typeof usage[name] === "number" ? usage[name] : undefined);
  const known = count("input_tokens") !== undefined || count("output_tokens") !== undefined;
  // What no provider counted was estimated for the answer as a whole.
  const estimated = !known && isAnswer;
  return {
    "gen_ai.usage.input_tokens": estimated ? trace.input_tokens : count("input_tokens"),
    "gen_ai.usage.output_tokens": estimated ? trace.output_tokens : count("output_tokens"),
    "gen_ai.usage.cache_read.input_tokens": isAnswer ? trace.cached_input_tokens : undefined,
    "millrace.usage.source": estimated ? trace.usage_source : text(usage["source"]),
  };
}

function attemptAttributes({ attributes }: Span, trace: ExportedTrace, isAnswer: boolean): Attributes {
  const { usage, http_status: status, first_token_ms: firstToken } = attributes;
  const counted = typeof usage === "object" && usage !== null && !Array.isArray(usage) ? usage : {};
  return {
    ...requestAttributes(trace),
    "gen_ai.provider.name": providerName(
      text(attributes["provider_kind"]) ?? text(attributes["provider"]) ?? "unknown",
    ),
    "gen_ai.request.model": text(attributes["model"]),
    ...(isAnswer ? { ...responseAttributes(trace), ...contentAttributes(trace) } : {}),
    ...usageAttributes(counted, trace, isAnswer),
    "server.address": text(attributes["server_address"]),
    "http.response.status_code": typeof status === "number" ? status : undefined,
    "error.type": text(attributes["error_code"]),
    "millrace.provider": text(attributes["provider"]),
    "millrace.attempt.kind": text(attributes["kind"]),
    "millrace.attempt.outcome": text(attributes["outcome"]),
    "millrace.first_token_us": typeof firstToken === "number" ? Math.round(firstToken * 1000) : undefined,
  };
}

/** Names, numbers and words as they are; what is built of them, such as a plan, as JSON. */
function stageAttributes({ attributes }: Span): Attributes {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => name !== "traceparent" && name !== "tracestate")
      .map(([name, value]) => [
        `millrace.${name}`,
        typeof value === "object" && value !== null ? JSON.stringify(value) : value,
      ]),
  );
}

/** One trace as spans of OTLP: the exchange (SERVER), its stages (INTERNAL), and each call upstream (CLIENT) below the stage that made it. */
export function traceSpans(trace: ExportedTrace): OtlpSpan[] {
  const place = placeOf(trace);
  const { traceId, rootId, flags } = place;
  const dispatch = trace.spans.find(({ name }) => name === "dispatch");
  const answer = trace.spans.findLast(({ name, attributes }) => name === "attempt" && attributes["outcome"] === "ok");
  const inner = trace.spans.map((span): OtlpSpan => {
    const isAttempt = span.name === "attempt";
    const parent = span.parent_id ?? (isAttempt ? dispatch?.id : undefined);
    const model = text(span.attributes["model"]) ?? "";
    const errorCode = isAttempt ? text(span.attributes["error_code"]) : undefined;
    return {
      traceId,
      spanId: spanId(span.id),
      parentSpanId: parent === undefined ? rootId : spanId(parent),
      flags: flags | FLAG_REMOTE_KNOWN,
      name: isAttempt ? `${operationName(trace.surface)} ${model}`.trim() : span.name,
      kind: isAttempt ? spanKinds.client : spanKinds.internal,
      startTimeUnixNano: unixNano(span.started_at_ms),
      endTimeUnixNano: unixNano(span.started_at_ms + span.duration_us / 1000),
      attributes: otlpAttributes(isAttempt ? attemptAttributes(span, trace, span === answer) : stageAttributes(span)),
      status: statusOf(errorCode),
    };
  });
  return [rootSpan(trace, place), ...inner];
}
