import { z } from "zod";
import { slugSchema, sha256Schema } from "./ids.ts";
import { jsonObjectSchema, jsonValueSchema } from "./json-value.ts";

export const promptNameSchema = slugSchema;
export const labelNameSchema = slugSchema;
/** The label that a call without `@…` follows. */
export const DEFAULT_LABEL = "production";

export const templateEngineSchema = z.enum(["mustache", "jinja", "dotprompt"]);
export type TemplateEngine = z.infer<typeof templateEngineSchema>;

export const taskSchema = z.enum(["generate", "classify", "extract", "summarize", "chat"]);

const templateText = z.string().max(262_144);
const turnRoleSchema = z.enum(["user", "assistant"]);

export const fewShotExampleSchema = z.strictObject({
  /** Names the example in diffs and experiments. */
  name: z.string().min(1).max(100).optional(),
  messages: z
    .array(z.strictObject({ role: turnRoleSchema, content: templateText }))
    .min(1)
    .max(50),
});

/** Where text that is not the author's enters: what the caller sent, the stored history, the user's profile. */
export const slotSchema = z.strictObject({
  slot: z.enum(["input", "history", "profile"]),
  /** Estimated tokens that the slot may fill; the oldest messages (or the last profile fields) are dropped first. */
  max_tokens: z.int().positive().optional(),
});
export const messageTemplateSchema = z.union([
  z.strictObject({ role: z.enum(["system", "developer", "user", "assistant"]), content: templateText }),
  slotSchema,
]);

/** A JSON Schema (2020-12) of type object: types, defaults and `required` of the variables. `"x-strict": true` on a property refuses role markers. */
export const variablesSchemaSchema = jsonObjectSchema;

/** `name@3` or `name@sha256:<64 hex>`: a reference that can only ever mean one text. */
export const includeReferenceSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]*@(?:[1-9][0-9]*|sha256:[0-9a-f]{64})$/,
    "expected <prompt>@<number> or <prompt>@sha256:<hash>",
  );

export const promptSettingsSchema = z.strictObject({
  /** A model name of the project (GET /v1/models). */
  model: z.string().min(1).max(200),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  max_tokens: z.int().positive().optional(),
  seed: z.int().optional(),
  stop: z.array(z.string().min(1)).max(4).optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  /** Answers of this prompt may be served again for this long; absent = never. */
  cache_ttl_seconds: z.int().min(1).max(2_592_000).optional(),
  tools: z.array(jsonObjectSchema).max(128).optional(),
});

/** Everything an author decides: what is hashed. Two versions with equal content are the same version. */
export const promptContentSchema = z.strictObject({
  schema: z.literal(1).default(1),
  task: taskSchema.default("generate"),
  engine: templateEngineSchema.default("mustache"),
  system: templateText.optional(),
  few_shot: z.array(fewShotExampleSchema).max(100).default([]),
  constraints: z.array(templateText.min(1)).max(100).default([]),
  messages: z.array(messageTemplateSchema).max(100).default([]),
  variables: variablesSchemaSchema.default({ type: "object", properties: {} }),
  output: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9_-]{1,64}$/)
        .default("answer"),
      schema: jsonObjectSchema,
    })
    .optional(),
  settings: promptSettingsSchema,
  /** Alias → pinned reference; the alias is used in templates as `{{> alias}}` and inserts the other prompt's `system`. */
  includes: z.record(slugSchema, includeReferenceSchema).default({}),
  /** What other formats carried and Millrace does not read; kept so that an export gives it back. */
  extensions: z.record(z.string(), jsonValueSchema).optional(),
});
export type PromptContentInput = z.input<typeof promptContentSchema>;
export type PromptContent = z.output<typeof promptContentSchema>;
export type FewShotExample = z.output<typeof fewShotExampleSchema>;
export type MessageTemplate = z.output<typeof messageTemplateSchema>;

/** A stored version. `hash` = sha256 of the canonical JSON of `content`, with each include's own closure hash in place of its reference. */
export const promptVersionSchema = z.object({
  id: z.string(),
  prompt: promptNameSchema,
  /** 1, 2, 3 … within the prompt. */
  version: z.int().positive(),
  hash: sha256Schema,
  content: promptContentSchema,
  message: z.string().nullable(),
  author: z.string(),
  created_at: z.iso.datetime(),
});
export type PromptVersion = z.output<typeof promptVersionSchema>;

/** How a request names a prompt in `model`: `prompt:<name>`, `prompt:<name>@<label>`, `prompt:<name>@<number>`. */
export const promptReferenceSchema = z.string().regex(/^prompt:[a-z0-9-]+(?:@[a-z0-9-]+)?$/);

/** The `prompt` field of a chat request that calls a named prompt. */
export const promptCallSchema = z.strictObject({
  variables: z.record(z.string(), jsonValueSchema).default({}),
  /** Earlier turns of the conversation, oldest first, for the `history` slot. */
  history: z
    .array(z.strictObject({ role: turnRoleSchema, content: z.string() }))
    .max(4096)
    .optional(),
  /** What is known of the user, for the `profile` slot. */
  profile: z.record(z.string(), jsonValueSchema).optional(),
});
export type PromptCall = z.output<typeof promptCallSchema>;
