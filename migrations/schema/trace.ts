import { bigint, boolean, doublePrecision, integer, json, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { AskedSurface, JsonObject, Tier, TraceRecord, TraceStatus } from "@millrace/core/contract";
import { moment } from "./moment.ts";

/** One row per exchange, partitioned by day of `started_at`. A column that is NULL is unknown or did not apply. */
export const traces = pgTable(
  "traces",
  {
    projectId: text("project_id").notNull(),
    id: text("id").notNull(),
    startedAt: moment("started_at").notNull(),
    environmentId: text("environment_id").notNull(),
    keyId: text("key_id").notNull(),
    surface: text("surface").$type<AskedSurface>().notNull(),
    durationUs: bigint("duration_us", { mode: "number" }).notNull(),
    firstTokenUs: bigint("first_token_us", { mode: "number" }),
    status: text("status").$type<TraceStatus>().notNull(),
    httpStatus: integer("http_status").notNull(),
    errorCode: text("error_code"),
    streamed: boolean("streamed").notNull(),
    requested: text("requested").notNull(),
    model: text("model"),
    provider: text("provider"),
    tier: text("tier").$type<Tier>(),
    /** NULL, like the four below: the call named no prompt. */
    promptName: text("prompt_name"),
    promptVersion: integer("prompt_version"),
    promptHash: text("prompt_hash"),
    promptLabel: text("prompt_label"),
    promptReason: text("prompt_reason"),
    resolvedHash: text("resolved_hash"),
    bundleEpoch: integer("bundle_epoch").notNull(),
    bundleHash: text("bundle_hash").notNull(),
    bundleStale: boolean("bundle_stale").notNull(),
    cache: text("cache").$type<TraceRecord["cache"]>().notNull(),
    inputTokens: bigint("input_tokens", { mode: "number" }),
    outputTokens: bigint("output_tokens", { mode: "number" }),
    cachedInputTokens: bigint("cached_input_tokens", { mode: "number" }),
    reasoningTokens: bigint("reasoning_tokens", { mode: "number" }),
    /** NULL: nothing is known of the usage. */
    usageSource: text("usage_source").$type<"provider" | "estimated">(),
    /** Counts that have no column of their own, by name. NULL: none. */
    usageDetails: json("usage_details").$type<NonNullable<TraceRecord["usage"]>["details"]>(),
    /** NULL: the provider counted. */
    estimatedBy: text("estimated_by"),
    /** Millionths of a dollar. NULL: unknown. */
    costUsdMicros: bigint("cost_usd_micros", { mode: "number" }),
    /** What a cache hit would have cost. NULL: unknown, or no hit. */
    savedUsdMicros: bigint("saved_usd_micros", { mode: "number" }),
    /** NULL: nothing was priced. */
    priceVersion: text("price_version"),
    finishReasons: text("finish_reasons").array().notNull(),
    /** The caller's `user` field. */
    endUser: text("end_user"),
    metadata: jsonb("metadata").$type<Record<string, string>>().notNull(),
    /** When Postgres got it; `started_at` is when the exchange began. */
    receivedAt: moment("received_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.id, table.startedAt] })],
);

/** What was said. `json`, not `jsonb`: kept as it was sent, and jsonb refuses the NUL that JSON text may hold. */
export const traceBodies = pgTable(
  "trace_bodies",
  {
    projectId: text("project_id").notNull(),
    traceId: text("trace_id").notNull(),
    startedAt: moment("started_at").notNull(),
    /** NULL, like the two below: there was none, or all three lie in R2 under `bodies_key`. */
    request: json("request").$type<JsonObject>(),
    rendered: json("rendered").$type<JsonObject>(),
    response: json("response").$type<JsonObject>(),
    /** NULL: the bodies are in this row. */
    bodiesKey: text("bodies_key"),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.traceId, table.startedAt] })],
);

/** The steps of an exchange. `started_at` is the trace's, so that both lie in partitions of the same day. */
export const spans = pgTable(
  "spans",
  {
    projectId: text("project_id").notNull(),
    traceId: text("trace_id").notNull(),
    startedAt: moment("started_at").notNull(),
    id: text("id").notNull(),
    /** NULL: the root. */
    parentId: text("parent_id"),
    name: text("name").notNull(),
    /** Milliseconds since the epoch, with fractions. */
    spanStartedAtMs: doublePrecision("span_started_at_ms").notNull(),
    durationUs: bigint("duration_us", { mode: "number" }).notNull(),
    attributes: json("attributes").$type<JsonObject>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.traceId, table.startedAt, table.id] })],
);
