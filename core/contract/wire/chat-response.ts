import { z } from "zod";
import { toolCallSchema } from "./chat-request.ts";
import { wireUsageSchema } from "./usage.ts";

export const finishReasonSchema = z.enum(["stop", "length", "tool_calls", "content_filter", "function_call"]);
export type FinishReason = z.output<typeof finishReasonSchema>;

const tokenLogprobSchema = z.looseObject({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()).nullable(),
  top_logprobs: z.array(z.looseObject({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable() })),
});
export type TokenLogprob = z.output<typeof tokenLogprobSchema>;
export const logprobsSchema = z.looseObject({
  content: z.array(tokenLogprobSchema).nullable(),
  refusal: z.array(tokenLogprobSchema).nullish(),
});

/** The answer to a chat request that does not stream. */
export const chatCompletionSchema = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.int(),
      message: z.looseObject({
        role: z.literal("assistant"),
        content: z.string().nullable(),
        refusal: z.string().nullish(),
        tool_calls: z.array(toolCallSchema).optional(),
      }),
      logprobs: logprobsSchema.nullish(),
      finish_reason: finishReasonSchema,
    }),
  ),
  usage: wireUsageSchema.optional(),
  system_fingerprint: z.string().nullish(),
});
export type ChatCompletion = z.output<typeof chatCompletionSchema>;

const toolCallDeltaSchema = z.looseObject({
  index: z.int(),
  id: z.string().optional(),
  type: z.literal("function").optional(),
  function: z.looseObject({ name: z.string().optional(), arguments: z.string().optional() }).optional(),
});

/** One event of a streamed answer. */
export const chatCompletionChunkSchema = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion.chunk"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.int(),
      delta: z.looseObject({
        role: z.enum(["assistant", "system", "user", "tool", "developer"]).optional(),
        content: z.string().nullish(),
        refusal: z.string().nullish(),
        tool_calls: z.array(toolCallDeltaSchema).optional(),
      }),
      logprobs: logprobsSchema.nullish(),
      finish_reason: finishReasonSchema.nullable(),
    }),
  ),
  usage: wireUsageSchema.nullish(),
  system_fingerprint: z.string().nullish(),
});
export type ChatCompletionChunk = z.output<typeof chatCompletionChunkSchema>;
