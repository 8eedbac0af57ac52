import { z } from "zod";

/** A form holds texts; a JSON body holds what it means. */
const whole = (most: number) => z.union([z.int().min(1).max(most), z.string().regex(/^[1-9]\d{0,2}$/)]);
const flag = z.union([z.boolean(), z.enum(["true", "false"])]);

const imageFields = {
  model: z.string().min(1).max(300),
  n: whole(10).nullish(),
  size: z.string().max(40).nullish(),
  response_format: z.string().max(20).nullish(),
  stream: flag.nullish(),
  user: z.string().optional(),
};

/** POST /v1/images/generations. */
export const imageGenerationRequestSchema = z.looseObject({ ...imageFields, prompt: z.string().min(1).max(32_000) });
/** POST /v1/images/edits: the texts of its form. */
export const imageEditRequestSchema = z.looseObject({ ...imageFields, prompt: z.string().min(1).max(32_000) });
/** POST /v1/images/variations: the texts of its form. */
export const imageVariationRequestSchema = z.looseObject(imageFields);

export const imagesResponseSchema = z.looseObject({
  created: z.int(),
  data: z.array(
    z.looseObject({
      b64_json: z.string().optional(),
      url: z.string().optional(),
      revised_prompt: z.string().optional(),
    }),
  ),
  usage: z.looseObject({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() }).optional(),
});
/** One event of a stream of pictures that become clearer. */
export const imageStreamEventSchema = z.looseObject({ type: z.string(), b64_json: z.string().optional() });
