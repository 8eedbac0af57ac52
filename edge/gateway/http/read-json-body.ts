import {
  isMillraceError,
  type JsonObject,
  MAX_BODY_BYTES,
  MAX_JSON_DEPTH,
  MillraceError,
} from "@millrace/core/contract";
import { describeJsonFault } from "@millrace/core/content";
import { readBounded } from "./read-bounded.ts";
import type { FormParts } from "./form-parts.ts";
import { type JsonScan, scanJson, withoutRepeats } from "./scan-json.ts";

/** A request body, read once: its text for whoever passes it on, its fields for whoever decides on them. */
export interface JsonBody {
  readonly text: string;
  readonly bytes: number;
  readonly fields: Readonly<JsonObject>;
  readonly members: JsonScan["members"];
  /** The parts of a form, where the body was one; its texts are `fields`. */
  readonly form?: FormParts;
}

/** Types that browsers and tools send by themselves; curl's default for `-d` is among them, and what counts is that the body is JSON. */
const ACCEPTED_TYPES =
  /^(?:application\/(?:[\w.+-]*\+)?json|text\/(?:json|plain)|application\/x-www-form-urlencoded)\b/i;

function tooLarge(): MillraceError {
  return new MillraceError("body-too-large", { message: `The body is larger than ${MAX_BODY_BYTES} bytes.` });
}

/** Keeps nothing between two whole texts. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new MillraceError("malformed-json", { message: "The body is not UTF-8.", cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MillraceError("malformed-json", { message: describeJsonFault(text), cause });
  }
}

async function readAll(request: Request): Promise<Uint8Array> {
  const contentLength = request.headers.get("content-length");
  try {
    return await readBounded(request, { contentLength, maxBytes: MAX_BODY_BYTES, tooLarge });
  } catch (cause) {
    // Nobody else can end a body before its end.
    throw isMillraceError(cause) ? cause : new MillraceError("client-closed", { cause });
  }
}

/**
 * A JSON object within the bounds of the contract. Depth is bounded before the text is parsed.
 * @throws MillraceError `unsupported-media-type`, `body-too-large`, `body-too-deep`, `malformed-json` or `invalid-request`.
 */
export async function readJsonBody(request: Request): Promise<JsonBody> {
  const type = request.headers.get("content-type");
  if (type !== null && type !== "" && !ACCEPTED_TYPES.test(type)) throw new MillraceError("unsupported-media-type");
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity" && encoding !== "") {
    const message = `The body is compressed (${encoding}); send it as it is.`;
    throw new MillraceError("unsupported-media-type", { message });
  }
  const bytes = await readAll(request);
  const sent = decode(bytes);
  const { depth, members } = scanJson(sent);
  if (depth > MAX_JSON_DEPTH) {
    throw new MillraceError("body-too-deep", {
      message: `The body is nested more than ${MAX_JSON_DEPTH} levels deep.`,
    });
  }
  const value = parse(sent);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MillraceError("invalid-request", { message: "The body must be a JSON object." });
  }
  const body = { bytes: bytes.byteLength, fields: value as JsonObject };
  if (members !== undefined) return { ...body, text: sent, members };
  // Who edits a member, and who reads the text, must mean the same one.
  const text = withoutRepeats(sent);
  return { ...body, text, members: scanJson(text).members };
}
