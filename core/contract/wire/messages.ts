import { z } from "zod";
import { jsonObjectSchema } from "../json-value.ts";
import { MAX_MESSAGES, MAX_STOP_SEQUENCES, MAX_TOOLS } from "../limits.ts";
import { promptCallSchema } from "../prompt.ts";

const sourceSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("base64"), media_type: z.string().min(1), data: z.string().min(1) }),
  z.looseObject({ type: z.literal("url"), url: z.string().min(1) }),
  z.looseObject({ type: z.literal("text"), media_type: z.string().optional(), data: z.string() }),
  z.looseObject({ type: z.literal("content"), content: z.union([z.string(), z.array(z.looseObject({}))]) }),
  z.looseObject({ type: z.literal("file"), file_id: z.string().min(1) }),
]);
export type MessageSource = z.output<typeof sourceSchema>;

const textBlockSchema = z.looseObject({ type: z.literal("text"), text: z.string() });
const imageBlockSchema = z.looseObject({ type: z.literal("image"), source: sourceSchema });
const documentBlockSchema = z.looseObject({
  type: z.literal("document"),
  source: sourceSchema,
  title: z.string().nullish(),
  context: z.string().nullish(),
  citations: z.looseObject({ enabled: z.boolean().optional() }).nullish(),
});
const knownInside = ["text", "image", "document"] as const;
/** A block whose type is not in the list: only Anthropic itself knows what it means. */
const foreignBlockSchema = (known: readonly string[]) =>
  z.looseObject({
    type: z
      .string()
      .min(1)
      .refine((type) => !known.includes(type), "does not have the fields of its type"),
  });
const insideSchema = z.union([
  z.discriminatedUnion("type", [textBlockSchema, imageBlockSchema, documentBlockSchema]),
  foreignBlockSchema(knownInside),
]);

const knownBlocks = [...knownInside, "thinking", "redacted_thinking", "tool_use", "tool_result"];
const blockSchema = z.union([
  z.discriminatedUnion("type", [
    textBlockSchema,
    imageBlockSchema,
    documentBlockSchema,
    z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string().optional() }),
    z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() }),
    z.looseObject({
      type: z.literal("tool_use"),
      id: z.string().min(1),
      name: z.string().min(1).max(200),
      input: jsonObjectSchema,
    }),
    z.looseObject({
      type: z.literal("tool_result"),
      tool_use_id: z.string().min(1),
      content: z.union([z.string(), z.array(insideSchema)]).optional(),
      is_error: z.boolean().optional(),
    }),
  ]),
  foreignBlockSchema(knownBlocks),
]);
export type MessageBlock = z.output<typeof blockSchema>;

const toolSchema = z.looseObject({
  /** Absent or `custom`: a tool of the caller's. Any other is a tool that Anthropic runs itself or defines. */
  type: z.string().nullish(),
  name: z.string().max(128),
  description: z.string().optional(),
  input_schema: jsonObjectSchema.optional(),
  strict: z.boolean().optional(),
});
export type MessageTool = z.output<typeof toolSchema>;

const parallel = { disable_parallel_tool_use: z.boolean().optional() };
const toolChoiceSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("auto"), ...parallel }),
  z.looseObject({ type: z.literal("any"), ...parallel }),
  z.looseObject({ type: z.literal("tool"), name: z.string().min(1), ...parallel }),
  z.looseObject({ type: z.literal("none") }),
]);

const outputFormatSchema = z.looseObject({ type: z.literal("json_schema"), schema: jsonObjectSchema });

const askedFields = {
  model: z.string().min(1).max(300),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(["user", "assistant", "system"]),
        content: z.union([z.string(), z.array(blockSchema)]),
      }),
    )
    .max(MAX_MESSAGES)
    .optional(),
  system: z.union([z.string(), z.array(textBlockSchema)]).optional(),
  tools: z.array(toolSchema).max(MAX_TOOLS).optional(),
  tool_choice: toolChoiceSchema.optional(),
  thinking: z
    .looseObject({ type: z.enum(["enabled", "disabled", "adaptive"]), budget_tokens: z.int().positive().optional() })
    .optional(),
  output_config: z.looseObject({ effort: z.string().nullish(), format: outputFormatSchema.nullish() }).optional(),
  output_format: outputFormatSchema.nullish(),
  prompt: promptCallSchema.optional(),
};

/**
 * POST /v1/messages, as Anthropic defines it; `prompt` is Millrace's own. What only Anthropic's own API can do is refused by name when another
 * target answers.
 */
export const messagesRequestSchema = z.looseObject({
  ...askedFields,
  /** Needed, but for a named prompt, whose version may say it. */
  max_tokens: z.int().positive().optional(),
  metadata: z.looseObject({ user_id: z.string().max(512).nullish() }).optional(),
  stop_sequences: z.array(z.string().min(1)).max(MAX_STOP_SEQUENCES).optional(),
  stream: z.boolean().optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_k: z.int().nonnegative().optional(),
  top_p: z.number().min(0).max(1).optional(),
});
export type MessagesRequest = z.output<typeof messagesRequestSchema>;

/** POST /v1/messages/count_tokens: the same without what only shapes the answer. */
export const countTokensRequestSchema = z.looseObject(askedFields);

export const countTokensResponseSchema = z.looseObject({ input_tokens: z.int().nonnegative() });

export type CountTokensResponse = z.output<typeof countTokensResponseSchema>;

export const messageStopReasonSchema = z.enum([
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "refusal",
  "pause_turn",
]);
export type MessageStopReason = z.output<typeof messageStopReasonSchema>;

const messageUsageSchema = z.looseObject({
  /** Without those that were read from, or written to, the provider's cache. */
  input_tokens: z.int().nonnegative(),
  output_tokens: z.int().nonnegative(),
  /** Null: unknown. */
  cache_read_input_tokens: z.int().nonnegative().nullish(),
  cache_creation_input_tokens: z.int().nonnegative().nullish(),
});
export type MessageUsage = z.output<typeof messageUsageSchema>;

const answerBlockSchema = z.union([
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal("tool_use"), id: z.string(), name: z.string(), input: jsonObjectSchema }),
]);
export type MessageAnswerBlock = z.output<typeof answerBlockSchema>;

/** The answer to a messages request that does not stream. */
export const messageSchema = z.looseObject({
  id: z.string(),
  type: z.literal("message"),
  role: z.literal("assistant"),
  model: z.string(),
  content: z.array(answerBlockSchema),
  stop_reason: messageStopReasonSchema.nullable(),
  stop_sequence: z.string().nullable(),
  usage: messageUsageSchema,
});
export type Message = z.output<typeof messageSchema>;

/** One event of a streamed answer: `message_start`, `content_block_start`, `content_block_delta`, `content_block_stop`, `message_delta`, `message_stop`, `ping`, `error`. */
export const messageEventSchema = z.looseObject({ type: z.string() });
