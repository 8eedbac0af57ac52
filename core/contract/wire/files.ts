import { z } from "zod";

/** A file: what Workers take as one request on the paid plans (100 MB), less the form around it. */
export const MAX_FILE_BYTES = 99 * 1024 * 1024;

export const uploadPurposeSchema = z.enum(["assistants", "batch", "fine-tune", "vision", "user_data", "evals"]);
export const filePurposeSchema = z.enum([...uploadPurposeSchema.options, "batch_output"]);

export const fileObjectSchema = z.object({
  id: z.string(),
  object: z.literal("file"),
  bytes: z.int().nonnegative(),
  /** Unix seconds. */
  created_at: z.int(),
  /** Unix seconds; absent = it stays until it is deleted. */
  expires_at: z.int().optional(),
  filename: z.string(),
  purpose: filePurposeSchema,
  /** OpenAI's, and deprecated by it: a file that is listed is whole. */
  status: z.literal("processed"),
});
export type FileObject = z.output<typeof fileObjectSchema>;

export const fileListSchema = z.object({
  object: z.literal("list"),
  data: z.array(fileObjectSchema),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type FileList = z.output<typeof fileListSchema>;

export const deletedFileSchema = z.object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) });
export type DeletedFile = z.output<typeof deletedFileSchema>;

export const fileQuerySchema = z.strictObject({
  purpose: filePurposeSchema.optional(),
  after: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  order: z.enum(["asc", "desc"]).default("desc"),
});

/** The form of POST /v1/files. */
export const fileUploadSchema = z.strictObject({
  purpose: uploadPurposeSchema,
  /** The bytes, with a file name. */
  file: z.string().meta({ format: "binary" }),
  "expires_after[anchor]": z.literal("created_at").optional(),
  /** An hour to thirty days (OpenAI's own bounds). */
  "expires_after[seconds]": z.coerce.number().int().min(3600).max(2_592_000).optional(),
});
