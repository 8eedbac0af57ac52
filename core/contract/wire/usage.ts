import { z } from "zod";

/** OpenAI's usage object. Absent details are unknown, never zero. */
export const wireUsageSchema = z.looseObject({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  total_tokens: z.int().nonnegative(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.int().nonnegative().optional() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.int().nonnegative().optional() }).nullish(),
});
export type WireUsage = z.output<typeof wireUsageSchema>;
