import type { JsonObject, JsonValue, MediaSurface } from "../contract/index.ts";

/** The most that a request with pictures or sound can take. Seconds and characters where the answer is billed by them. */
export interface MediaBound {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly images: number;
  readonly audioSeconds: number;
  readonly characters: number;
}

/** As in `media-allowance.ts`: the dearest picture of a known price list. */
const TOKENS_PER_IMAGE_READ = 50_000;
/** GPT Image's largest picture in high quality is 6,240 tokens, and each of up to three partial ones 100; twice that for what comes next. */
const TOKENS_PER_IMAGE_MADE = 13_000;
/** The lowest rate at which speech is still encoded (Opus, 6 kbit/s). */
const LEAST_BYTES_PER_SECOND = 750;
/** Audio tokens of a second of sound at OpenAI are 10 heard and 20 spoken; both doubled. */
const TOKENS_PER_SECOND_HEARD = 20;
const TOKENS_PER_SECOND_SPOKEN = 40;
/** Words of a fast speaker in a second, in tokens of any script. */
const TEXT_TOKENS_PER_SECOND = 20;
/** A slow voice needs no more for a character. */
const SECONDS_PER_CHARACTER = 0.5;

function textBytes(value: JsonValue | undefined): number {
  return typeof value === "string" ? new TextEncoder().encode(value).length : 0;
}

/** Files of a form, described by their sizes. */
function files(fields: Readonly<JsonObject>): readonly number[] {
  return Object.values(fields)
    .flat()
    .flatMap((value) => {
      const bytes = typeof value === "object" && value !== null && !Array.isArray(value) ? value["bytes"] : undefined;
      return typeof bytes === "number" ? [bytes] : [];
    });
}

/** What bounds a request that passes through, from its texts, the number and the size of its files, and the answers that it asks for. */
export function mediaBound(surface: MediaSurface, fields: Readonly<JsonObject>, choices: number): MediaBound {
  const nothing = { inputTokens: 0, outputTokens: 0, images: 0, audioSeconds: 0, characters: 0 };
  const promptTokens = textBytes(fields["prompt"]);
  switch (surface) {
    case "image-generations":
    case "image-edits":
    case "image-variations": {
      const images = Math.max(1, choices);
      return {
        ...nothing,
        inputTokens: promptTokens + files(fields).length * TOKENS_PER_IMAGE_READ,
        outputTokens: images * TOKENS_PER_IMAGE_MADE,
        images,
      };
    }
    case "speech": {
      const { input } = fields;
      const characters = typeof input === "string" ? Array.from(input).length : 0;
      const audioSeconds = characters * SECONDS_PER_CHARACTER;
      return {
        ...nothing,
        inputTokens: textBytes(input) + textBytes(fields["instructions"]),
        outputTokens: Math.ceil(audioSeconds * TOKENS_PER_SECOND_SPOKEN),
        audioSeconds,
        characters,
      };
    }
    case "transcriptions":
    case "translations": {
      const audioSeconds = files(fields).reduce((sum, bytes) => sum + bytes, 0) / LEAST_BYTES_PER_SECOND;
      return {
        ...nothing,
        inputTokens: promptTokens + Math.ceil(audioSeconds * TOKENS_PER_SECOND_HEARD),
        outputTokens: Math.ceil(audioSeconds * TEXT_TOKENS_PER_SECOND),
        audioSeconds,
      };
    }
  }
}
