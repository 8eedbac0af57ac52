import { z } from "zod";

export const wireModelSchema = z.looseObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});
export type WireModel = z.output<typeof wireModelSchema>;
export const modelListSchema = z.looseObject({ object: z.literal("list"), data: z.array(wireModelSchema) });
export type ModelList = z.output<typeof modelListSchema>;

/** A model as Anthropic's clients read it (https://docs.anthropic.com/en/api/models-list). */
export const anthropicModelSchema = z.looseObject({
  type: z.literal("model"),
  id: z.string(),
  display_name: z.string(),
  created_at: z.iso.datetime(),
});
export type AnthropicModel = z.output<typeof anthropicModelSchema>;
export const anthropicModelListSchema = z.looseObject({
  data: z.array(anthropicModelSchema),
  has_more: z.boolean(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
});
export type AnthropicModelList = z.output<typeof anthropicModelListSchema>;

const DEFAULT_PAGE = 20;
const MAX_PAGE = 1000;

/** How Anthropic's clients page through models. */
export const anthropicModelQuerySchema = z.looseObject({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  after_id: z.string().optional(),
  before_id: z.string().optional(),
});
export type AnthropicModelQuery = z.output<typeof anthropicModelQuerySchema>;
