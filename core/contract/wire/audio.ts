import { z } from "zod";

const flag = z.union([z.boolean(), z.enum(["true", "false"])]);

/** Characters of one text to be spoken (OpenAI's own bound). */
const MAX_SPOKEN_CHARS = 4096;

/** POST /v1/audio/speech. */
export const speechRequestSchema = z.looseObject({
  model: z.string().min(1).max(300),
  input: z.string().min(1).max(MAX_SPOKEN_CHARS),
  voice: z.union([z.string().min(1).max(200), z.looseObject({ id: z.string() })]),
  response_format: z.string().max(20).optional(),
  stream_format: z.enum(["sse", "audio"]).optional(),
});

const heardFields = {
  model: z.string().min(1).max(300),
  prompt: z.string().max(32_000).optional(),
  response_format: z.string().max(20).optional(),
};
/** POST /v1/audio/transcriptions: the texts of its form. */
export const transcriptionRequestSchema = z.looseObject({ ...heardFields, stream: flag.nullish() });
/** POST /v1/audio/translations: the texts of its form. */
export const translationRequestSchema = z.looseObject(heardFields);

export const transcriptionSchema = z.looseObject({
  text: z.string(),
  usage: z.looseObject({ type: z.enum(["tokens", "duration"]) }).optional(),
});
/** One event of a streamed transcription, or of streamed speech. */
export const audioStreamEventSchema = z.looseObject({ type: z.string() });
