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
