import { fromStorable } from "@millrace/core/content";
import { jsonObjectSchema, spanSchema, traceStatusSchema } from "@millrace/core/contract";
import { z } from "zod";
import type { Query } from "../ingest/query.ts";
import type { ExportName } from "./export-name.ts";

/** A longer question or answer is left out as a whole, and the export says so: collectors bound what they take. */
export const MAX_CONTENT_CHARS = 64_000;

const exportedTraceSchema = z.object({
  id: z.string(),
  project_id: z.string(),
  environment_id: z.string(),
  key_id: z.string(),
  surface: z.string(),
  started_at_ms: z.number(),
  duration_us: z.number(),
  first_token_us: z.number().nullable(),
  status: traceStatusSchema,
  http_status: z.number(),
  error_code: z.string().nullable(),
  streamed: z.boolean(),
  requested: z.string(),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  tier: z.string().nullable(),
  prompt_name: z.string().nullable(),
  prompt_version: z.number().nullable(),
  prompt_label: z.string().nullable(),
  cache: z.string(),
  input_tokens: z.number().nullable(),
  output_tokens: z.number().nullable(),
  cached_input_tokens: z.number().nullable(),
  usage_source: z.string().nullable(),
  cost_usd_micros: z.number().nullable(),
  finish_reasons: z.array(z.string()),
  end_user: z.string().nullable(),
  response_id: z.string().nullable(),
  /** Settings of the request by OpenAI's names; one that was not said is null. */
  settings: jsonObjectSchema,
  /** As the model got it, and as it answered; null where content is not exported, not kept here, or too long. */
  request: jsonObjectSchema.nullable(),
  response: jsonObjectSchema.nullable(),
  content_too_long: z.boolean(),
  spans: z.array(spanSchema),
});
/** A trace as an export needs it. */
export type ExportedTrace = z.output<typeof exportedTraceSchema>;

const settings = [
  "temperature",
  "top_p",
  "top_k",
  "max_tokens",
  "max_completion_tokens",
  "frequency_penalty",
  "presence_penalty",
  "stop",
  "seed",
  "n",
] as const;

const asked = "coalesce(b.rendered, b.request)";
const settingsJson = settings.map((name) => `'${name}', ${asked}->'${name}'`).join(", ");

/** $1: a JSON array of names; $2: whether content is wanted; $3: its bound. One row of JSON for each trace that is there. */
const READ_EXPORTS = `
select json_build_object(
  'id', t.id, 'project_id', t.project_id, 'environment_id', t.environment_id, 'key_id', t.key_id, 'surface', t.surface,
  'started_at_ms', extract(epoch from t.started_at) * 1000, 'duration_us', t.duration_us, 'first_token_us', t.first_token_us,
  'status', t.status, 'http_status', t.http_status, 'error_code', t.error_code, 'streamed', t.streamed,
  'requested', t.requested, 'model', t.model, 'provider', t.provider, 'tier', t.tier, 'prompt_name', t.prompt_name,
  'prompt_version', t.prompt_version, 'prompt_label', t.prompt_label, 'cache', t.cache, 'input_tokens', t.input_tokens,
  'output_tokens', t.output_tokens, 'cached_input_tokens', t.cached_input_tokens, 'usage_source', t.usage_source,
  'cost_usd_micros', t.cost_usd_micros, 'finish_reasons', t.finish_reasons, 'end_user', t.end_user,
  'response_id', b.response->>'id', 'settings', json_build_object(${settingsJson}),
  'request', case when $2::boolean and length(${asked}::text) <= $3::integer then ${asked} end,
  'response', case when $2::boolean and length(b.response::text) <= $3::integer then b.response end,
  'content_too_long', $2::boolean and (coalesce(length(${asked}::text), 0) > $3::integer
    or coalesce(length(b.response::text), 0) > $3::integer or b.bodies_key is not null),
  'spans', coalesce((
    select json_agg(json_build_object('id', s.id, 'parent_id', s.parent_id, 'name', s.name,
      'started_at_ms', s.span_started_at_ms, 'duration_us', s.duration_us, 'attributes', s.attributes) order by s.id)
    from spans s where s.project_id = t.project_id and s.trace_id = t.id and s.started_at = t.started_at), '[]')
) as trace
from json_to_recordset($1::json) as name(project_id text, trace_id text, started_at_ms bigint)
join traces t on t.project_id = name.project_id and t.id = name.trace_id
  and t.started_at = to_timestamp(name.started_at_ms / 1000.0)
left join trace_bodies b on b.project_id = t.project_id and b.trace_id = t.id and b.started_at = t.started_at`;

const rowSchema = z.object({ trace: exportedTraceSchema });

/** The traces behind these names; one that retention took away is not among them. @throws when Postgres is away */
export async function readExports(
  names: readonly ExportName[],
  { query, content }: { readonly query: Query; readonly content: boolean },
): Promise<ExportedTrace[]> {
  const rows = await query(READ_EXPORTS, [JSON.stringify(names), String(content), String(MAX_CONTENT_CHARS)]);
  return rows.map((row) => rowSchema.parse(fromStorable(row)).trace);
}
