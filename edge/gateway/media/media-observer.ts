import type { JsonObject, MediaSurface, Usage } from "@millrace/core/contract";
import { asFields, asText } from "../json/vendor-json.ts";
import { mediaUsage, spokenUsage } from "./media-usage.ts";
import { ShortStrings } from "./short-strings.ts";

/** Of one string of an answer: more than a transcript of ten minutes, less than any picture. */
const MAX_STRING_BYTES = 16 * 1024;
/** Of one answer with its long strings cut. */
const MAX_KEPT_BYTES = 512 * 1024;

/** How an answer travels. */
export type MediaForm = "json" | "events" | "bytes";

/** What is known of an answer when its last byte has passed. */
export interface MediaSummary {
  /** Without the pictures and the sound: their sizes. */
  readonly response: Readonly<JsonObject>;
  readonly usage: Usage | undefined;
  readonly model: string | undefined;
  /** False where the answer has an end of its own and it never came. */
  readonly isWhole: boolean;
  /** The error that came as one of its events. */
  readonly error: Readonly<JsonObject> | undefined;
}

export function mediaFormOf(contentType: string): MediaForm {
  const type = contentType.toLowerCase();
  if (type.startsWith("text/event-stream")) return "events";
  return /^application\/(?:[\w.+-]*\+)?json\b/.test(type) ? "json" : "bytes";
}

/** Types that end a stream of pictures or sound. */
const FINAL_EVENT = /\.(?:completed|done)$/;

/** Reads along an answer that passes by in pieces, and holds none of its media. */
export class MediaObserver {
  readonly #surface: MediaSurface;
  readonly #fields: Readonly<JsonObject>;
  readonly #contentType: string;
  readonly #form: MediaForm;
  readonly #kept: ShortStrings | undefined;
  #bytes = 0;

  constructor(of: {
    readonly surface: MediaSurface;
    readonly fields: Readonly<JsonObject>;
    readonly contentType: string;
  }) {
    this.#surface = of.surface;
    this.#fields = of.fields;
    this.#contentType = of.contentType;
    this.#form = mediaFormOf(of.contentType);
    this.#kept =
      this.#form === "bytes"
        ? undefined
        : new ShortStrings({
            maxStringBytes: MAX_STRING_BYTES,
            maxBytes: MAX_KEPT_BYTES,
            events: this.#form === "events",
          });
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    this.#kept?.add(chunk);
  }

  summary(): MediaSummary {
    const size: JsonObject = { content_type: this.#contentType, bytes: this.#bytes };
    const text = this.#kept?.text();
    const answer = text === undefined ? undefined : this.#form === "json" ? parsed(text) : lastEvent(text);
    const usage = (answer && mediaUsage(this.#surface, eventAsAnswer(answer))) ?? this.#ownCount();
    return {
      response: { ...answer, ...size },
      usage,
      model: typeof answer?.["model"] === "string" ? answer["model"] : undefined,
      isWhole: this.#isWhole(text, answer),
      error: asFields(answer?.["error"]) as JsonObject | undefined,
    };
  }

  #isWhole(text: string | undefined, answer: JsonObject | undefined): boolean {
    if (this.#form === "bytes") return true;
    if (this.#form === "events") return FINAL_EVENT.test(asText(answer?.["type"]) ?? "");
    // An answer of which even the short form is too long is whole for all that can be known.
    return text === undefined || answer !== undefined;
  }

  #ownCount(): Usage | undefined {
    return this.#surface === "speech" && this.#bytes > 0 ? spokenUsage(this.#fields) : undefined;
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    return asFields(JSON.parse(text)) as JsonObject | undefined;
  } catch {
    return undefined;
  }
}

/** The last event's data; the mark `[DONE]` is none. */
function lastEvent(text: string): JsonObject | undefined {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:"));
  for (const line of lines.toReversed()) {
    const data = line.slice("data:".length).trim();
    if (data !== "[DONE]") return parsed(data);
  }
  return undefined;
}

/** A last event of pictures holds one, where a whole answer has a list. */
function eventAsAnswer(answer: JsonObject): JsonObject {
  return answer["data"] === undefined && answer["b64_json"] !== undefined ? { ...answer, data: [{}] } : answer;
}
