import { z } from "zod";

/** POST /v1/moderations. `input` is a text, several, or parts that may be pictures. */
export const moderationRequestSchema = z.looseObject({
  model: z.string().min(1).max(300),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(2048),
    z
      .array(z.looseObject({ type: z.enum(["text", "image_url"]) }))
      .min(1)
      .max(2048),
  ]),
});
export type ModerationRequest = z.output<typeof moderationRequestSchema>;

/** The categories are the provider's own. */
export const moderationResponseSchema = z.looseObject({
  id: z.string(),
  model: z.string(),
  results: z.array(
    z.looseObject({
      categories: z.record(z.string(), z.boolean().nullable()),
      category_scores: z.record(z.string(), z.number()),
    }),
  ),
});
export type ModerationResponse = z.output<typeof moderationResponseSchema>;
