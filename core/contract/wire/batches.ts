import { z } from "zod";

/** Lines of one batch (OpenAI's own bound). */
export const MAX_BATCH_LINES = 50_000;

export const batchEndpointSchema = z.enum([
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/responses",
]);
export type BatchEndpoint = z.infer<typeof batchEndpointSchema>;

const metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, "at most 16 pairs");

export const batchRequestSchema = z.strictObject({
  input_file_id: z.string().min(1).max(100),
  endpoint: batchEndpointSchema,
  completion_window: z.literal("24h"),
  metadata: metadata.nullish(),
  output_expires_after: z
    .strictObject({ anchor: z.literal("created_at"), seconds: z.int().min(3600).max(2_592_000) })
    .optional(),
});
export type BatchRequest = z.output<typeof batchRequestSchema>;

export const batchStatusSchema = z.enum([
  "validating",
  "failed",
  "in_progress",
  "finalizing",
  "completed",
  "expired",
  "cancelling",
  "cancelled",
]);
export type BatchStatus = z.infer<typeof batchStatusSchema>;

export const batchErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  param: z.string().nullable(),
  /** Of the input file, from 1. */
  line: z.int().nullable(),
});
export type BatchError = z.output<typeof batchErrorSchema>;

/** Unix seconds; absent = it did not come to that. */
const time = z.int().optional();

export const batchSchema = z.object({
  id: z.string(),
  object: z.literal("batch"),
  endpoint: batchEndpointSchema,
  errors: z.object({ object: z.literal("list"), data: z.array(batchErrorSchema) }).optional(),
  input_file_id: z.string(),
  completion_window: z.literal("24h"),
  status: batchStatusSchema,
  output_file_id: z.string().optional(),
  error_file_id: z.string().optional(),
  created_at: z.int(),
  in_progress_at: time,
  expires_at: time,
  finalizing_at: time,
  completed_at: time,
  failed_at: time,
  expired_at: time,
  cancelling_at: time,
  cancelled_at: time,
  request_counts: z.object({ total: z.int(), completed: z.int(), failed: z.int() }),
  metadata: z.record(z.string(), z.string()).nullable(),
});
export type Batch = z.output<typeof batchSchema>;

export const batchListSchema = z.object({
  object: z.literal("list"),
  data: z.array(batchSchema),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type BatchList = z.output<typeof batchListSchema>;

export const batchQuerySchema = z.strictObject({
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
