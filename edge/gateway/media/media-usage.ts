import type { JsonObject, MediaSurface, Usage } from "@millrace/core/contract";
import { asCount, asFields, asList, type Fields } from "../json/vendor-json.ts";

const UNCOUNTED: Usage = {
  inputTokens: undefined,
  outputTokens: undefined,
  cachedInputTokens: undefined,
  reasoningTokens: undefined,
  source: "provider",
};

function known(counts: Readonly<Record<string, number | undefined>>): Partial<Usage> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined && count > 0));
}

/** Tokens as the images and audio APIs count them; an old `details` name is understood as well. */
function tokenUsage(usage: Fields, surface: MediaSurface): Usage | undefined {
  const inputTokens = asCount(usage["input_tokens"]);
  const outputTokens = asCount(usage["output_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const input = asFields(usage["input_tokens_details"] ?? usage["input_token_details"]);
  const output = asFields(usage["output_tokens_details"] ?? usage["output_token_details"]);
  const made = { images: "imageOutputTokens", speech: "audioOutputTokens" } as const;
  const whole = surface.startsWith("image-") ? made.images : surface === "speech" ? made.speech : undefined;
  return {
    ...UNCOUNTED,
    inputTokens,
    outputTokens,
    ...known({
      cachedInputTokens: asCount(input?.["cached_tokens"]),
      imageInputTokens: asCount(input?.["image_tokens"]),
      audioInputTokens: asCount(input?.["audio_tokens"]),
      imageOutputTokens: asCount(output?.["image_tokens"]),
      audioOutputTokens: asCount(output?.["audio_tokens"]),
      // What makes nothing but pictures, or nothing but sound, counts nothing else.
      ...(whole === undefined || output !== undefined ? {} : { [whole]: outputTokens }),
    }),
  };
}

function seconds(body: Fields, usage: Fields | undefined): number | undefined {
  const counted = usage?.["type"] === "duration" ? usage["seconds"] : body["duration"];
  const value = typeof counted === "string" ? Number(counted) : counted;
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/**
 * What an answer with pictures or sound says that it consumed: tokens, else the pictures made, or the seconds heard. Undefined when it says
 * nothing.
 */
export function mediaUsage(surface: MediaSurface, answer: Readonly<JsonObject>): Usage | undefined {
  const usage = asFields(answer["usage"]);
  const tokens = usage && tokenUsage(usage, surface);
  if (tokens !== undefined) return tokens;
  if (surface.startsWith("image-")) {
    const images = asList(answer["data"]).length;
    return images === 0 ? undefined : { ...UNCOUNTED, images };
  }
  const audioSeconds = surface === "speech" ? undefined : seconds(answer, usage);
  return audioSeconds === undefined ? undefined : { ...UNCOUNTED, audioSeconds };
}

/** Characters of a text to be spoken: what such models are billed by where they count no tokens. Counted here, in code points. */
export function spokenUsage(fields: Readonly<JsonObject>): Usage | undefined {
  const { input } = fields;
  if (typeof input !== "string") return undefined;
  return { ...UNCOUNTED, characters: Array.from(input).length, source: "estimated", estimatedBy: "request" };
}
