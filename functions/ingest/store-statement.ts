import type { TraceBodies, TraceRecord } from "@millrace/core/contract";
import { storableJson } from "@millrace/core/content";

/** Where the bodies of a trace are: with it, or in R2 under a key. */
export type PlacedBodies = { readonly bodies: TraceBodies } | { readonly key: string };

/**
 * Traces, bodies and spans in one statement: all of a message or nothing of it, and a message that comes again changes
 * nothing. $1 is a JSON array of `storableRow` values.
 */
export const STORE_TRACES = `
with message as materialized (
  select *, to_timestamp(started_at_ms / 1000.0) as started_at from json_to_recordset($1::json) as m(
    project_id text, id text, started_at_ms bigint, environment_id text, key_id text, surface text, duration_us bigint,
    first_token_us bigint, status text, http_status integer, error_code text, streamed boolean, requested text, model text,
    provider text, tier text, prompt_name text, prompt_version integer, prompt_hash text, prompt_label text,
    prompt_reason text, resolved_hash text, bundle_epoch integer, bundle_hash text, bundle_stale boolean, cache text,
    input_tokens bigint, output_tokens bigint, cached_input_tokens bigint, reasoning_tokens bigint, usage_source text,
    usage_details json, estimated_by text, cost_usd_micros bigint, saved_usd_micros bigint, price_version text,
    finish_reasons text[], end_user text, metadata jsonb, request json, rendered json, response json, bodies_key text,
    spans json)
), trace as (
  insert into traces (
    project_id, id, started_at, environment_id, key_id, surface, duration_us, first_token_us, status, http_status,
    error_code, streamed, requested, model, provider, tier, prompt_name, prompt_version, prompt_hash, prompt_label,
    prompt_reason, resolved_hash, bundle_epoch, bundle_hash, bundle_stale, cache, input_tokens, output_tokens,
    cached_input_tokens, reasoning_tokens, usage_source, usage_details, estimated_by, cost_usd_micros,
    saved_usd_micros, price_version, finish_reasons, end_user, metadata)
  select
    project_id, id, started_at, environment_id, key_id, surface, duration_us, first_token_us, status, http_status,
    error_code, streamed, requested, model, provider, tier, prompt_name, prompt_version, prompt_hash, prompt_label,
    prompt_reason, resolved_hash, bundle_epoch, bundle_hash, bundle_stale, cache, input_tokens, output_tokens,
    cached_input_tokens, reasoning_tokens, usage_source, usage_details, estimated_by, cost_usd_micros,
    saved_usd_micros, price_version, finish_reasons, end_user, metadata
  from message
  on conflict do nothing
), said as (
  insert into trace_bodies (project_id, trace_id, started_at, request, rendered, response, bodies_key)
  select project_id, id, started_at, request, rendered, response, bodies_key from message
  on conflict do nothing
)
insert into spans (
  project_id, trace_id, started_at, id, parent_id, name, span_started_at_ms, duration_us, attributes)
select
  message.project_id, message.id, message.started_at, span.id, span.parent_id, span.name, span.started_at_ms,
  span.duration_us, span.attributes
from message, json_to_recordset(message.spans) as span(
  id text, parent_id text, name text, started_at_ms double precision, duration_us bigint, attributes json)
on conflict do nothing`;

/** One element of the statement's array, as JSON text in the storable form of `core/content`. */
export function storableRow(record: TraceRecord, placed: PlacedBodies): string {
  const { prompt, bundle, usage } = record;
  return storableJson({
    project_id: record.project_id,
    id: record.id,
    started_at_ms: record.started_at_ms,
    environment_id: record.environment_id,
    key_id: record.key_id,
    surface: record.surface,
    duration_us: record.duration_us,
    first_token_us: record.first_token_us,
    status: record.status,
    http_status: record.http_status,
    error_code: record.error_code,
    streamed: record.streamed,
    requested: record.requested,
    model: record.model,
    provider: record.provider,
    tier: record.tier,
    prompt_name: prompt?.name,
    prompt_version: prompt?.version,
    prompt_hash: prompt?.hash,
    prompt_label: prompt?.label,
    prompt_reason: prompt?.reason,
    resolved_hash: record.resolved_hash,
    bundle_epoch: bundle.epoch,
    bundle_hash: bundle.hash,
    bundle_stale: bundle.stale,
    cache: record.cache,
    input_tokens: usage?.input_tokens,
    output_tokens: usage?.output_tokens,
    cached_input_tokens: usage?.cached_input_tokens,
    reasoning_tokens: usage?.reasoning_tokens,
    usage_source: usage?.source,
    usage_details: usage !== null && Object.keys(usage.details).length > 0 ? usage.details : null,
    estimated_by: usage?.estimated_by,
    cost_usd_micros: record.cost_usd_micros,
    saved_usd_micros: record.saved_usd_micros,
    price_version: record.price_version,
    finish_reasons: record.finish_reasons,
    end_user: record.user,
    metadata: record.metadata,
    ...("bodies" in placed ? placed.bodies : { bodies_key: placed.key }),
    spans: record.spans,
  });
}
