import { fromStorable } from "@millrace/core/content";
import { idTimeMs, type Span, type TraceBodies, type TraceRecord, type TraceStatus } from "@millrace/core/contract";
import { spans, traceBodies, traces } from "@millrace/migrations/schema";
import { and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import type { Tenant } from "./tenant.ts";

type TraceRow = typeof traces.$inferSelect;
export type TraceSummary = Omit<TraceRecord, "spans">;

export interface TraceFilter {
  readonly limit: number;
  /** Id of a trace: older ones, newest first. */
  readonly before?: string | undefined;
  /** Id of a trace: those that arrived after it, oldest first. Of an id that is not there, the time in it counts. */
  readonly after?: string | undefined;
  readonly prompt?: string | undefined;
  readonly status?: TraceStatus | undefined;
}

export async function listTraces(tenant: Tenant, filter: TraceFilter): Promise<TraceSummary[]> {
  const { db } = tenant;
  const where = [
    own(tenant),
    filter.prompt === undefined ? undefined : eq(traces.promptName, filter.prompt),
    filter.status === undefined ? undefined : eq(traces.status, filter.status),
    filter.before === undefined ? undefined : olderThan(tenant, filter.before),
    filter.after === undefined ? undefined : arrivedAfter(tenant, filter.after),
  ];
  const order =
    filter.after === undefined ? [desc(traces.startedAt), desc(traces.id)] : [asc(traces.receivedAt), asc(traces.id)];
  const rows = await db
    .select()
    .from(traces)
    .where(and(...where))
    .orderBy(...order)
    .limit(filter.limit);
  return rows.map(toSummary);
}

/** By arrival, not by start: an exchange that took a minute must not slip in behind a follower's cursor. */
function arrivedAfter(tenant: Tenant, id: string): SQL {
  return sql`(${traces.receivedAt}, ${traces.id}) > (${cursor(tenant, id, sql`received_at`)}, ${id})`;
}

function olderThan(tenant: Tenant, id: string): SQL {
  return sql`(${traces.startedAt}, ${traces.id}) < (${cursor(tenant, id, sql`started_at`)}, ${id})`;
}

function cursor({ principal }: Tenant, id: string, column: SQL): SQL {
  return sql`coalesce((select c.${column} from traces c where c.project_id = ${principal.projectId}
    and c.environment_id = ${principal.environmentId} and c.id = ${id} limit 1), ${new Date(idTimeMs(id)).toISOString()}::timestamptz)`;
}

function own({ principal }: Tenant): SQL | undefined {
  return and(eq(traces.projectId, principal.projectId), eq(traces.environmentId, principal.environmentId));
}

export interface StoredTrace {
  readonly record: TraceRecord;
  readonly bodies: TraceBodies | null;
  /** Where the bodies lie in R2; null: in `bodies`. */
  readonly bodiesKey: string | null;
}

export async function findTrace(tenant: Tenant, id: string): Promise<StoredTrace | undefined> {
  const { db, principal } = tenant;
  const [row] = await db
    .select()
    .from(traces)
    .where(and(own(tenant), eq(traces.id, id)));
  if (row === undefined) return undefined;
  const [spanRows, [body]] = await db.batch([
    db
      .select()
      .from(spans)
      .where(and(eq(spans.projectId, principal.projectId), eq(spans.traceId, id), eq(spans.startedAt, row.startedAt)))
      .orderBy(asc(spans.spanStartedAtMs), asc(spans.id)),
    db
      .select()
      .from(traceBodies)
      .where(
        and(
          eq(traceBodies.projectId, principal.projectId),
          eq(traceBodies.traceId, id),
          eq(traceBodies.startedAt, row.startedAt),
        ),
      ),
  ]);
  const inline =
    body === undefined || body.bodiesKey !== null || body.request === null ? null : { ...body, request: body.request };
  return {
    record: { ...toSummary(row), spans: spanRows.map(toSpan) },
    bodies:
      inline === null
        ? null
        : fromStorable({ request: inline.request, rendered: inline.rendered, response: inline.response }),
    bodiesKey: body?.bodiesKey ?? null,
  };
}

function toSpan(row: typeof spans.$inferSelect): Span {
  return fromStorable({
    id: row.id,
    parent_id: row.parentId,
    name: row.name,
    started_at_ms: row.spanStartedAtMs,
    duration_us: row.durationUs,
    attributes: row.attributes,
  });
}

function toSummary(row: TraceRow): TraceSummary {
  return fromStorable<TraceSummary>({
    schema: 1,
    id: row.id,
    project_id: row.projectId,
    environment_id: row.environmentId,
    key_id: row.keyId,
    surface: row.surface,
    started_at_ms: row.startedAt.getTime(),
    duration_us: row.durationUs,
    first_token_us: row.firstTokenUs,
    status: row.status,
    http_status: row.httpStatus,
    error_code: row.errorCode,
    streamed: row.streamed,
    requested: row.requested,
    model: row.model,
    provider: row.provider,
    tier: row.tier,
    prompt: toPrompt(row),
    resolved_hash: row.resolvedHash,
    bundle: { epoch: row.bundleEpoch, hash: row.bundleHash, stale: row.bundleStale },
    cache: row.cache,
    usage: toUsage(row),
    cost_usd_micros: row.costUsdMicros,
    saved_usd_micros: row.savedUsdMicros,
    price_version: row.priceVersion,
    finish_reasons: row.finishReasons,
    user: row.endUser,
    metadata: row.metadata,
  });
}

function toPrompt(row: TraceRow): TraceRecord["prompt"] {
  const { promptName: name, promptVersion: version, promptHash: hash, promptReason: reason, promptLabel: label } = row;
  return name === null || version === null || hash === null || reason === null
    ? null
    : { name, version, hash, label, reason };
}

function toUsage(row: TraceRow): TraceRecord["usage"] {
  if (row.usageSource === null) return null;
  return {
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    cached_input_tokens: row.cachedInputTokens,
    reasoning_tokens: row.reasoningTokens,
    source: row.usageSource,
    details: row.usageDetails ?? {},
    estimated_by: row.estimatedBy,
  };
}
