import { describeJsonFault } from "@millrace/core/content";
import { type JsonValue, MAX_BODY_BYTES, MAX_JSON_DEPTH, MillraceError } from "@millrace/core/contract";

/** As the gateway takes them: what browsers and curl send by themselves included, for what counts is that the body is JSON. */
const ACCEPTED_TYPES =
  /^(?:application\/(?:[\w.+-]*\+)?json|text\/(?:json|plain)|application\/x-www-form-urlencoded)\b/i;

/**
 * The body of a request as JSON, within the limits on size and depth.
 * @throws MillraceError `unsupported-media-type`, `body-too-large`, `malformed-json` (with the position), `body-too-deep`, and `invalid-request`
 * for U+0000, which the database cannot keep.
 */
export async function readJson(request: Request): Promise<JsonValue> {
  const type = request.headers.get("content-type");
  if (type !== null && !ACCEPTED_TYPES.test(type)) throw new MillraceError("unsupported-media-type");
  const value = parse(await readText(request));
  checkTree(value);
  return value;
}

async function readText(request: Request): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (request.body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const reader = request.body.getReader();
  let text = "";
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const piece: Uint8Array = chunk.value;
    bytes += piece.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      await reader.cancel();
      throw tooLarge();
    }
    text += decode(decoder, piece);
  }
  return text + decode(decoder, undefined);
}

/** @param piece undefined: the text is over */
function decode(decoder: TextDecoder, piece: Uint8Array | undefined): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
  } catch (cause) {
    throw new MillraceError("malformed-json", { message: "The body is not UTF-8.", cause });
  }
}

function tooLarge(): MillraceError {
  return new MillraceError("body-too-large", { message: `The body is larger than ${MAX_BODY_BYTES} bytes.` });
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new MillraceError("malformed-json", { message: describeJsonFault(text), cause });
  }
}

interface Node {
  readonly value: JsonValue;
  readonly path: string;
  readonly depth: number;
}

/** Walks without recursion, so that depth cannot exhaust the stack before it is measured. */
function checkTree(root: JsonValue): void {
  const waiting: Node[] = [{ value: root, path: "", depth: 1 }];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { value, path, depth } = node;
    if (typeof value === "string" && value.includes("\0")) throw holdsNul(path);
    if (typeof value !== "object" || value === null) continue;
    if (depth > MAX_JSON_DEPTH) {
      throw new MillraceError("body-too-deep", { message: `The body is nested deeper than ${MAX_JSON_DEPTH} levels.` });
    }
    const list = Array.isArray(value);
    for (const [key, member] of Object.entries(value)) {
      if (key.includes("\0")) throw holdsNul(path);
      waiting.push({
        value: member,
        path: list ? `${path}[${key}]` : `${path}${path === "" ? "" : "."}${key}`,
        depth: depth + 1,
      });
    }
  }
}

function holdsNul(path: string): MillraceError {
  return new MillraceError("invalid-request", { param: path, message: "Text may not hold U+0000." });
}
