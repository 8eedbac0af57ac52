import { z } from "zod";
import { samplingFields } from "./chat-request.ts";
import { tokensSchema } from "./tokens.ts";
import { wireUsageSchema } from "./usage.ts";

/** Prompts of one request: OpenAI names no bound, its clients stay below this one. */
const MAX_PROMPTS = 128;

/**
 * POST /v1/completions (legacy text completions). Tokens in place of text reach providers that take them; the others refuse them, as tokens of one
 * model mean nothing to another. `max_tokens: 0` with `echo` asks for no more than the prompt's own log probabilities.
 */
export const completionRequestSchema = z.looseObject({
  model: z.string().min(1).max(300),
  prompt: z.union([
    z.string(),
    z.array(z.string()).min(1).max(MAX_PROMPTS),
    tokensSchema,
    z.array(tokensSchema).min(1).max(MAX_PROMPTS),
  ]),
  ...samplingFields,
  max_tokens: z.int().nonnegative().nullish(),
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
