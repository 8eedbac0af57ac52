import { z } from "zod";
import { type JsonObject, jsonObjectSchema, jsonValueSchema } from "./json-value.ts";
import { tierSchema } from "./provider.ts";
import { askedSurfaceSchema } from "./surface.ts";
import { sha256Schema } from "./ids.ts";

const count = z.int().nonnegative();

export const spanSchema = z.object({
  id: z.string(),
  parent_id: z.string().nullable(),
  /** The stage or call: `authenticate`, `resolve`, `cache`, `dispatch`, `record`, `upstream`. */
  name: z.string(),
  started_at_ms: z.number(),
  duration_us: count,
  attributes: z.record(z.string(), jsonValueSchema),
});
export type Span = z.output<typeof spanSchema>;

export const traceStatusSchema = z.enum(["ok", "error", "cancelled", "truncated"]);
export type TraceStatus = z.output<typeof traceStatusSchema>;

/** Counts that few answers have. */
export const usageDetailSchema = z.enum([
  "cache_write_tokens",
  "cache_write_1h_tokens",
  "audio_input_tokens",
  "audio_output_tokens",
  "image_input_tokens",
  "image_output_tokens",
  "images",
  "audio_seconds",
  "characters",
]);
export type UsageDetail = z.infer<typeof usageDetailSchema>;

/** The record of one exchange, from the gateway to Postgres. A field that is null is unknown. */
export const traceRecordSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  project_id: z.string(),
  environment_id: z.string(),
  key_id: z.string(),
  surface: askedSurfaceSchema,
  started_at_ms: z.int(),
  duration_us: count,
  first_token_us: count.nullable(),
  status: traceStatusSchema,
  http_status: z.int(),
  error_code: z.string().nullable(),
  streamed: z.boolean(),
  /** What the caller asked for, such as `prompt:support-reply`. */
  requested: z.string(),
  /** The model that really answered, in the provider's words. */
  model: z.string().nullable(),
  provider: z.string().nullable(),
  tier: tierSchema.nullable(),
  prompt: z
    .object({
      name: z.string(),
      version: z.int(),
      hash: sha256Schema,
      label: z.string().nullable(),
      reason: z.string(),
    })
    .nullable(),
  resolved_hash: sha256Schema.nullable(),
  bundle: z.object({ epoch: z.int(), hash: sha256Schema, stale: z.boolean() }),
  cache: z.enum(["off", "miss", "hit"]),
  usage: z
    .object({
      input_tokens: count.nullable(),
      output_tokens: count.nullable(),
      cached_input_tokens: count.nullable(),
      reasoning_tokens: count.nullable(),
      source: z.enum(["provider", "estimated"]),
      /** Every other count of `Usage` that is known. */
      details: z.partialRecord(usageDetailSchema, z.number().nonnegative()).default({}),
      /** How an estimate was made: a tokenizer's name, or `characters`. */
      estimated_by: z.string().nullable().default(null),
    })
    .nullable(),
  /** Millionths of a dollar, of every attempt that a provider billed; a cache hit costs 0. */
  cost_usd_micros: count.nullable().default(null),
  /** What a cache hit would have cost at today's price. */
  saved_usd_micros: count.nullable().default(null),
  /** SHA-256 of the prices in the bundle that answered; null where nothing was priced. */
  price_version: sha256Schema.nullable().default(null),
  finish_reasons: z.array(z.string()),
  user: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  spans: z.array(spanSchema),
});
export type TraceRecord = z.output<typeof traceRecordSchema>;

/** What was said: the request as the caller sent it and as the model got it, and the whole answer in OpenAI's form. */
export const traceBodiesSchema = z.object({
  request: jsonObjectSchema,
  rendered: jsonObjectSchema.nullable(),
  response: jsonObjectSchema.nullable(),
});
export type TraceBodies = z.output<typeof traceBodiesSchema>;

/** An object out of `JSON.parse`, where all below it are JSON values: a schema would walk through, and copy, everything that was said. */
const parsedObjectSchema = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** One message of the trace queue. Bodies over MAX_SHELVED_BODIES_BYTES lie in R2 under `bodies_key`. */
export const traceMessageSchema = z
  .object({
    schema: z.literal(1),
    record: traceRecordSchema.extend({ spans: z.array(spanSchema.extend({ attributes: parsedObjectSchema })) }),
    bodies: z
      .object({
        request: parsedObjectSchema,
        rendered: parsedObjectSchema.nullable(),
        response: parsedObjectSchema.nullable(),
      })
      .nullable(),
    bodies_key: z.string().nullable(),
    /** The outbox object that holds the message until Postgres has it; told by `acknowledge`. */
    outbox: z.string(),
  })
  .refine(
    (message) => (message.bodies === null) !== (message.bodies_key === null),
    "exactly one of bodies and bodies_key",
  );
export type TraceMessage = z.output<typeof traceMessageSchema>;

/** Outbox objects that share the load of one gateway; one takes about a thousand calls a second, each with a batch. */
export const TRACE_OUTBOX_SHARDS = 8;

/** The name of the n-th outbox object, from 0. */
export function traceOutboxName(n: number): string {
  return `outbox-${n}`;
}
