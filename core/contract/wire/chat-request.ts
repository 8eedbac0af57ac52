import { z } from "zod";
import { jsonObjectSchema } from "../json-value.ts";
import { MAX_CHOICES, MAX_MESSAGES, MAX_METADATA_PAIRS, MAX_STOP_SEQUENCES, MAX_TOOLS } from "../limits.ts";
import { promptCallSchema } from "../prompt.ts";

const textPartSchema = z.looseObject({ type: z.literal("text"), text: z.string() });
const refusalPartSchema = z.looseObject({ type: z.literal("refusal"), refusal: z.string() });
const imagePartSchema = z.looseObject({
  type: z.literal("image_url"),
  image_url: z.looseObject({ url: z.string().min(1), detail: z.enum(["auto", "low", "high"]).optional() }),
});
const audioPartSchema = z.looseObject({
  type: z.literal("input_audio"),
  input_audio: z.looseObject({ data: z.string(), format: z.string() }),
});
const filePartSchema = z.looseObject({ type: z.literal("file"), file: z.looseObject({}) });

const userPartSchema = z.discriminatedUnion("type", [textPartSchema, imagePartSchema, audioPartSchema, filePartSchema]);
const assistantPartSchema = z.discriminatedUnion("type", [textPartSchema, refusalPartSchema]);

export const toolCallSchema = z.looseObject({
  id: z.string().min(1),
  type: z.literal("function"),
  function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
});
export type ToolCall = z.output<typeof toolCallSchema>;

const textContentSchema = z.union([z.string(), z.array(textPartSchema).min(1)]);

/** One message of a conversation, as OpenAI's chat completions define it. */
export const chatMessageSchema = z.discriminatedUnion("role", [
  z.looseObject({ role: z.literal("system"), content: textContentSchema, name: z.string().optional() }),
  z.looseObject({ role: z.literal("developer"), content: textContentSchema, name: z.string().optional() }),
  z.looseObject({
    role: z.literal("user"),
    content: z.union([z.string(), z.array(userPartSchema).min(1)]),
    name: z.string().optional(),
  }),
  z.looseObject({
    role: z.literal("assistant"),
    content: z.union([z.string(), z.array(assistantPartSchema)]).nullish(),
    name: z.string().optional(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCallSchema).optional(),
  }),
  z.looseObject({ role: z.literal("tool"), content: textContentSchema, tool_call_id: z.string().min(1) }),
]);
export type ChatMessage = z.output<typeof chatMessageSchema>;

export const functionToolSchema = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    description: z.string().optional(),
    parameters: jsonObjectSchema.optional(),
    strict: z.boolean().nullish(),
  }),
});
export type FunctionTool = z.output<typeof functionToolSchema>;

export const toolChoiceSchema = z.union([
  z.enum(["none", "auto", "required"]),
  z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
]);

export const responseFormatSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object") }),
  z.looseObject({
    type: z.literal("json_schema"),
    json_schema: z.looseObject({
      name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
      description: z.string().optional(),
      schema: jsonObjectSchema.optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);
export type ResponseFormat = z.output<typeof responseFormatSchema>;

/** Sampling fields that chat and plain completions share. */
export const samplingFields = {
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(MAX_STOP_SEQUENCES)]).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  user: z.string().optional(),
} as const;

/**
 * POST /v1/chat/completions. Fields that are not named here are kept and passed on to cloud providers; the runner refuses what it
 * cannot honour with `unsupported-parameter`. `prompt` is Millrace's own and never leaves the gateway.
 */
export const chatRequestSchema = z.looseObject({
  model: z.string().min(1).max(300),
  messages: z.array(chatMessageSchema).max(MAX_MESSAGES),
  ...samplingFields,
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  tools: z.array(functionToolSchema).max(MAX_TOOLS).optional(),
  tool_choice: toolChoiceSchema.optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: responseFormatSchema.optional(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= MAX_METADATA_PAIRS, `at most ${MAX_METADATA_PAIRS} pairs`)
    .nullish(),
  prompt: promptCallSchema.optional(),
});
export type ChatRequest = z.output<typeof chatRequestSchema>;
