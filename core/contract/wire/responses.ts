import { z } from "zod";
import { jsonObjectSchema, jsonValueSchema } from "../json-value.ts";
import { MAX_MESSAGES, MAX_METADATA_PAIRS, MAX_TOOLS } from "../limits.ts";
import { responseFormatSchema } from "./chat-request.ts";

/** An item of a conversation: what is in it depends on its `type`; a message may leave the type out. */
export const responseItemSchema = z.looseObject({ type: z.string().optional() });

const functionToolSchema = z.looseObject({
  type: z.literal("function"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  parameters: jsonObjectSchema.nullish(),
  strict: z.boolean().nullish(),
});
export type ResponseFunctionTool = z.output<typeof functionToolSchema>;

const toolSchema = z.union([
  functionToolSchema,
  z.looseObject({ type: z.string().refine((type) => type !== "function", "does not have the fields of a function") }),
]);

const formatSchema = z.union([
  responseFormatSchema.options[0],
  responseFormatSchema.options[1],
  z.looseObject({
    type: z.literal("json_schema"),
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    schema: jsonObjectSchema,
    description: z.string().optional(),
    strict: z.boolean().nullish(),
  }),
]);
export type ResponseTextFormat = z.output<typeof formatSchema>;

/** `id`, `version` and `variables` as OpenAI has them; `variables`, `history` and `profile` as Millrace's chat surface does. */
const promptSchema = z.looseObject({
  id: z.string().min(1).max(63).optional(),
  version: z.union([z.string(), z.int()]).nullish(),
  variables: z.record(z.string(), jsonValueSchema).nullish(),
});

/**
 * POST /v1/responses, as OpenAI defines it. What is not in the list below, and every tool that the provider would have to run, is refused by
 * its name.
 */
export const responsesRequestSchema = z.looseObject({
  /** Needed, unless `prompt.id` names a prompt. */
  model: z.string().min(1).max(300).nullish(),
  input: z.union([z.string(), z.array(responseItemSchema).max(MAX_MESSAGES)]).nullish(),
  instructions: z.string().nullish(),
  include: z.array(z.string()).nullish(),
  max_output_tokens: z.int().positive().nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= MAX_METADATA_PAIRS, `at most ${MAX_METADATA_PAIRS} pairs`)
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  previous_response_id: z.string().nullish(),
  prompt: promptSchema.nullish(),
  reasoning: z
    .looseObject({
      effort: z.string().nullish(),
      summary: z.string().nullish(),
      generate_summary: z.string().nullish(),
    })
    .nullish(),
  safety_identifier: z.string().max(64).nullish(),
  service_tier: z.string().nullish(),
  /** True unless it says otherwise: the response can be asked for again for thirty days. */
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({}).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  text: z.looseObject({ format: formatSchema.nullish(), verbosity: z.string().nullish() }).nullish(),
  tool_choice: z.union([z.enum(["none", "auto", "required"]), z.looseObject({ type: z.string() })]).nullish(),
  tools: z.array(toolSchema).max(MAX_TOOLS).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  user: z.string().nullish(),
});
export type ResponsesRequest = z.output<typeof responsesRequestSchema>;

const responseUsageSchema = z.looseObject({
  input_tokens: z.int().nonnegative(),
  input_tokens_details: z.looseObject({ cached_tokens: z.int().nonnegative() }),
  output_tokens: z.int().nonnegative(),
  output_tokens_details: z.looseObject({ reasoning_tokens: z.int().nonnegative() }),
  total_tokens: z.int().nonnegative(),
});
export type ResponseUsage = z.output<typeof responseUsageSchema>;

export const responseStatusSchema = z.enum(["in_progress", "completed", "incomplete", "failed"]);

/** A response, in progress or over. */
export const responseSchema = z.looseObject({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.int(),
  status: responseStatusSchema,
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  incomplete_details: z.looseObject({ reason: z.string() }).nullable(),
  instructions: z.string().nullable(),
  model: z.string(),
  output: z.array(responseItemSchema),
  parallel_tool_calls: z.boolean(),
  metadata: z.record(z.string(), z.string()),
  tool_choice: jsonValueSchema,
  tools: z.array(jsonObjectSchema),
  temperature: z.number().nullable(),
  top_p: z.number().nullable(),
  previous_response_id: z.string().nullable(),
  /** Whether the response can be asked for again. */
  store: z.boolean(),
  usage: responseUsageSchema.optional(),
});
export type ModelResponse = z.output<typeof responseSchema>;

/** One event of a streamed response; `type` says which, `sequence_number` grows by one. */
export const responseEventSchema = z.looseObject({ type: z.string(), sequence_number: z.int() });

export const deletedResponseSchema = z.object({
  id: z.string(),
  object: z.literal("response"),
  deleted: z.literal(true),
});

export type DeletedResponse = z.output<typeof deletedResponseSchema>;

export const responseItemListSchema = z.looseObject({
  object: z.literal("list"),
  data: z.array(responseItemSchema),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
export type ResponseItemList = z.output<typeof responseItemListSchema>;
export const responseItemQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
});
