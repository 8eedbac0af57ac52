import { z } from "zod";
import { tokensSchema } from "./tokens.ts";

/** Inputs of one request (OpenAI's own bound). */
const MAX_INPUTS = 2048;

/** POST /v1/embeddings. Tokens in place of texts reach providers that take them; the others refuse them. */
export const embeddingRequestSchema = z.looseObject({
  model: z.string().min(1).max(300),
  input: z.union([
    z.string().min(1),
    z.array(z.string().min(1)).min(1).max(MAX_INPUTS),
    tokensSchema,
    z.array(tokensSchema).min(1).max(MAX_INPUTS),
  ]),
  dimensions: z.int().positive().optional(),
  encoding_format: z.enum(["float", "base64"]).optional(),
  user: z.string().optional(),
});
export type EmbeddingRequest = z.output<typeof embeddingRequestSchema>;

/** `embedding` is an array of numbers, or base64 of little-endian float32 when so asked. */
export const embeddingResponseSchema = z.looseObject({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(
    z.looseObject({
      object: z.literal("embedding"),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  usage: z.looseObject({ prompt_tokens: z.int().nonnegative(), total_tokens: z.int().nonnegative() }).optional(),
});
export type EmbeddingResponse = z.output<typeof embeddingResponseSchema>;
