import { z } from "zod";
import { sha256Schema } from "../ids.ts";
import {
  labelNameSchema,
  promptCallSchema,
  promptContentSchema,
  promptNameSchema,
  promptVersionSchema,
} from "../prompt.ts";
import { chatMessageSchema } from "../wire/chat-request.ts";
import { jsonObjectSchema } from "../json-value.ts";

/** `3`, a hash, or a label: how the API's paths and queries name a version. */
export const versionSelectorSchema = z.union([z.string().regex(/^[1-9][0-9]*$/), sha256Schema, labelNameSchema]);

export const promptSummarySchema = z.object({
  id: z.string(),
  name: promptNameSchema,
  description: z.string(),
  latest_version: z.int().positive(),
  /** Label → version number in this environment. */
  labels: z.record(labelNameSchema, z.int().positive()),
  created_at: z.iso.datetime(),
});
export const promptListSchema = z.object({ data: z.array(promptSummarySchema) });
export const versionListSchema = z.object({ data: z.array(promptVersionSchema) });

export const createPromptSchema = z.strictObject({
  name: promptNameSchema,
  description: z.string().max(1000).default(""),
  content: promptContentSchema,
  message: z.string().max(1000).optional(),
});
export const createVersionSchema = z.strictObject({
  content: promptContentSchema,
  message: z.string().max(1000).optional(),
  /** The latest version that the author saw. When another has come since, the answer is `version-conflict`. */
  expected_latest: z.int().nonnegative(),
});

export const labelStateSchema = z.object({
  label: labelNameSchema,
  /** null when the label was removed. */
  version: z.int().positive().nullable(),
  hash: sha256Schema.nullable(),
  protected: z.boolean(),
  moved_at: z.iso.datetime(),
  moved_by: z.string(),
});
export const labelListSchema = z.object({ data: z.array(labelStateSchema) });
export const setLabelSchema = z.strictObject({
  version: z.int().positive(),
  /** The version that the mover believes the label has now (null: none); absent = do not check. */
  expected_version: z.int().positive().nullable().optional(),
  reason: z.string().max(1000).optional(),
});
export const rollbackSchema = z.strictObject({
  /** Absent: the version that the label had before its last move. */
  to_version: z.int().positive().optional(),
  reason: z.string().max(1000).optional(),
});
/** One entry of a label's history: append-only. */
export const labelMoveSchema = z.object({
  id: z.string(),
  label: labelNameSchema,
  from_version: z.int().positive().nullable(),
  to_version: z.int().positive().nullable(),
  kind: z.enum(["set", "rollback", "remove"]),
  reason: z.string().nullable(),
  actor: z.string(),
  at: z.iso.datetime(),
});
export const labelHistorySchema = z.object({ data: z.array(labelMoveSchema) });

/** What changed between two versions, by meaning. */
export const promptChangeSchema = z.object({
  /** `system`, `few_shot[greeting]`, `constraints[2]`, `settings.temperature`, … */
  path: z.string(),
  kind: z.enum(["added", "removed", "changed", "moved"]),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  /** For text: the words, in order. */
  words: z.array(z.object({ op: z.enum(["same", "added", "removed"]), text: z.string() })).optional(),
});
export const promptDiffSchema = z.object({
  from: z.int().positive(),
  to: z.int().positive(),
  changes: z.array(promptChangeSchema),
});
export type PromptChange = z.output<typeof promptChangeSchema>;

export const renderRequestSchema = z.strictObject({
  version: versionSelectorSchema.optional(),
  ...promptCallSchema.shape,
  messages: z.array(chatMessageSchema).default([]),
});
export const renderResponseSchema = z.object({
  prompt: promptNameSchema,
  version: z.int().positive(),
  hash: sha256Schema,
  resolved_hash: sha256Schema,
  /** The chat request that the model would get. */
  request: jsonObjectSchema,
});

export const promptFormatSchema = z.enum(["dotprompt", "prompty"]);
export type PromptFormat = z.output<typeof promptFormatSchema>;
export const importPromptSchema = z.strictObject({
  format: promptFormatSchema,
  source: z.string().max(262_144),
  /** Overrides the name in the file. */
  name: promptNameSchema.optional(),
  message: z.string().max(1000).optional(),
  expected_latest: z.int().nonnegative().optional(),
});
