import { z } from "zod";
import { traceBodiesSchema, traceRecordSchema } from "../trace.ts";

/** Newest first, or oldest first after a cursor (`after`), which is how a tail follows. */
export const traceQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().optional(),
  after: z.string().optional(),
  prompt: z.string().optional(),
  status: z.enum(["ok", "error", "cancelled", "truncated"]).optional(),
});
export const traceListSchema = z.object({
  data: z.array(traceRecordSchema.omit({ spans: true })),
  next: z.string().nullable(),
});
export const traceDetailSchema = traceRecordSchema.extend({ bodies: traceBodiesSchema.nullable() });
