import { type JsonObject, type JsonValue, MillraceError } from "@millrace/core/contract";
import { readBounded } from "./read-bounded.ts";
import type { FormParts } from "./form-parts.ts";
import type { JsonBody } from "./read-json-body.ts";

/** A form with sound or pictures: OpenAI's 25 MB for a recording and what is around it. It is held in memory, because a second target may need it again. */
export const MAX_FORM_BYTES = 26 * 1024 * 1024;
/** Parts of one form; OpenAI takes 16 pictures at once, and a dozen fields. */
const MAX_PARTS = 64;
/** One text of a form: OpenAI's longest prompt is 32,000 characters. */
const MAX_TEXT_CHARS = 64 * 1024;

const FORM_TYPE = /^multipart\/form-data\s*;/i;

function invalid(message: string, param?: string): MillraceError {
  return new MillraceError("invalid-request", { message, ...(param === undefined ? {} : { param }) });
}

async function parseForm(bytes: Uint8Array, type: string): Promise<FormParts> {
  try {
    const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
    return [...form.entries()];
  } catch (cause) {
    throw new MillraceError("invalid-request", { message: "The body is not a whole multipart form.", cause });
  }
}

/** What is said of a file in place of its bytes. */
function describe(file: File): JsonObject {
  return { filename: file.name, content_type: file.type, bytes: file.size };
}

/** The form as an object: a name that comes twice, or ends in `[]`, is a list. */
function fieldsOf(parts: FormParts): JsonObject {
  const fields: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  for (const [name, value] of parts) {
    if (typeof value === "string" && value.length > MAX_TEXT_CHARS)
      throw invalid(`${name}: at most ${MAX_TEXT_CHARS} characters.`, name);
    const one = typeof value === "string" ? value : describe(value);
    const key = name.replace(/\[\]$/, "");
    const before = fields[key];
    if (before !== undefined) fields[key] = Array.isArray(before) ? [...before, one] : [before, one];
    else fields[key] = key === name ? one : [one];
  }
  return { ...fields };
}

/**
 * A `multipart/form-data` body: its texts as fields, its files described by name, type and size, and all its parts as they came in `form`.
 * @throws MillraceError `form-expected`, `body-too-large`, `invalid-request`.
 */
export async function readFormBody(request: Request): Promise<JsonBody> {
  const type = request.headers.get("content-type") ?? "";
  if (!FORM_TYPE.test(type))
    throw new MillraceError("form-expected", { message: "The body must be `multipart/form-data`." });
  const bytes = await readBounded(request, {
    contentLength: request.headers.get("content-length"),
    maxBytes: MAX_FORM_BYTES,
    tooLarge: () =>
      new MillraceError("body-too-large", { message: `The form is larger than ${MAX_FORM_BYTES} bytes.` }),
  });
  const form = await parseForm(bytes, type);
  if (form.length > MAX_PARTS) throw invalid(`A form has at most ${MAX_PARTS} parts.`);
  const fields = fieldsOf(form);
  const text = JSON.stringify(fields);
  return { text, bytes: bytes.byteLength, fields, members: undefined, form };
}
