import { asFields, type Fields } from "../../json/vendor-json.ts";

/** Millrace always asks for usage; the field then stands in every chunk, which a caller who did not ask must not see. */
const NULL_USAGE = ',"usage":null';

/** A chunk without the counts that only Millrace asked for, from vendors that put them beside choices (Mistral, xAI) or into a field of their own (Groq). */
function withoutUsage(chunk: Fields): string {
  const { usage: _usage, x_groq: groq, ...rest } = chunk;
  const { usage: _groqUsage, ...own } = asFields(groq) ?? {};
  return JSON.stringify(groq === undefined ? rest : { ...rest, x_groq: own });
}

/** What the caller receives of one chunk: its own bytes, unless they hold the usage that only Millrace asked for. */
export function visible(payload: string, chunk: Fields, wantsUsage: boolean): string | undefined {
  if (wantsUsage) return payload;
  if (asFields(chunk["x_groq"])?.["usage"] !== undefined) return withoutUsage(chunk);
  if (!("usage" in chunk)) return payload;
  if (chunk["usage"] === null) return payload.replace(NULL_USAGE, "");
  return isUsageChunk(chunk) ? undefined : withoutUsage(chunk);
}

/** The form in which OpenAI sends usage: a last chunk without choices. */
export function isUsageChunk(chunk: Fields): boolean {
  return Array.isArray(chunk["choices"]) && chunk["choices"].length === 0;
}

/** Counts that came beside choices, as the chunk that a caller who asked for usage waits for. */
export function usageChunkOf(chunk: Fields): string | undefined {
  const usage = chunk["usage"] ?? asFields(chunk["x_groq"])?.["usage"];
  if (usage === null || usage === undefined) return undefined;
  const { id, object, created, model } = chunk;
  return JSON.stringify({ id, object, created, model, choices: [], usage });
}
