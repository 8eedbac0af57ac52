import { z } from "zod";
import { sha256Schema } from "../ids.ts";

/** On every answer of the control API: the epoch of the bundle that this gateway serves by. A change is live there once it reaches the published epoch. */
export const SERVED_EPOCH_HEADER = "x-millrace-epoch";

export const bundleStatusSchema = z.object({
  epoch: z.int().positive().nullable(),
  hash: sha256Schema.nullable(),
  published_at: z.iso.datetime().nullable(),
  /** Changes that are committed and not yet published. */
  pending: z.int().nonnegative(),
  /** Code of the error that the last attempt to publish met; null when it met none. */
  last_error: z.string().nullable(),
});
export const deadLetterSchema = z.object({
  id: z.string(),
  queue: z.string(),
  reason: z.string(),
  attempts: z.int(),
  at: z.iso.datetime(),
});
export const deadLetterListSchema = z.object({ data: z.array(deadLetterSchema) });
export const replayedSchema = z.object({ replayed: z.int().nonnegative(), failed: z.int().nonnegative() });
export const auditEntrySchema = z.object({
  id: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.unknown(),
  at: z.iso.datetime(),
});
export const auditListSchema = z.object({ data: z.array(auditEntrySchema), next: z.string().nullable() });
