import { z } from "zod";
import { samplingFields } from "./chat-request.ts";
import { wireUsageSchema } from "./usage.ts";

/** POST /v1/completions (legacy text completions). A token array as prompt is refused: tokens of one model mean nothing to another. */
export const completionRequestSchema = z.looseObject({
  model: z.string().min(1).max(300),
  prompt: z.union([z.string(), z.array(z.string()).min(1).max(128)]),
  ...samplingFields,
  max_tokens: z.int().positive().nullish(),
  echo: z.boolean().nullish(),
  suffix: z.string().nullish(),
  best_of: z.int().min(1).nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
});
export type CompletionRequest = z.output<typeof completionRequestSchema>;

/** The answer of /v1/completions; a streamed event has the same shape with `finish_reason: null` until the end. */
export const completionSchema = z.looseObject({
  id: z.string(),
  object: z.literal("text_completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.int(),
      text: z.string(),
      logprobs: z.looseObject({}).nullish(),
      finish_reason: z.enum(["stop", "length", "content_filter"]).nullable(),
    }),
  ),
  usage: wireUsageSchema.nullish(),
  system_fingerprint: z.string().nullish(),
});
export type Completion = z.output<typeof completionSchema>;
