import { MAX_BODY_BYTES, MAX_JSON_DEPTH, MillraceError } from "@millrace/core/contract";
import type { z } from "zod";

/** Reads, bounds, parses and checks a body. @throws MillraceError `body-too-large`, `malformed-json`, `body-too-deep`, `invalid-request`. */
export async function readJson<S extends z.ZodType>(request: Request, schema: S): Promise<z.output<S>> {
  const text = await readText(request);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MillraceError("malformed-json", { message: error instanceof Error ? error.message : String(error) });
  }
  if (depthOf(text) > MAX_JSON_DEPTH) {
    throw new MillraceError("body-too-deep", { message: `The body is nested deeper than ${MAX_JSON_DEPTH} levels.` });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MillraceError("invalid-request", {
    param: (issue?.path ?? []).reduce<string>(
      (path, step) =>
        typeof step === "number" ? `${path}[${step}]` : path === "" ? String(step) : `${path}.${String(step)}`,
      "",
    ),
    message: issue?.message ?? "The body does not fit the schema.",
  });
}

async function readText(request: Request): Promise<string> {
  const tooLarge = () => new MillraceError("body-too-large", { message: `The limit is ${MAX_BODY_BYTES} bytes.` });
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BODY_BYTES) throw tooLarge();
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new MillraceError("malformed-json", { message: "The body is not UTF-8." });
    throw error;
  }
}

/** The deepest nesting of JSON text that is known to parse. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, (depth += 1));
    else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return deepest;
}
