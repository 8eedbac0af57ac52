import type { PromptFormat } from "../../contract/api/prompts.ts";
import { jsonObjectSchema } from "../../contract/json-value.ts";
import { isMillraceError } from "../../contract/millrace-error.ts";
import type { PromptContent } from "../../contract/prompt.ts";
import { canonicalJson } from "../../content/canonical-json.ts";
import { parsePromptContent } from "../lint-prompt.ts";
import { dotpromptFormat } from "./dotprompt-format.ts";
import { compact, writeFrontMatter } from "./front-matter.ts";
import { unchangedSource, withoutSource, withSource } from "./millrace-fields.ts";
import type { BodyScope, PromptFileFormat } from "./prompt-file.ts";
import { promptyFormat } from "./prompty-format.ts";

const formats: Readonly<Record<PromptFormat, PromptFileFormat>> = {
  dotprompt: dotpromptFormat,
  prompty: promptyFormat,
};
/** From the most readable file on; what no body can carry goes into the front matter whole. */
const bodyScopes: readonly BodyScope[] = ["messages", "system"];

export interface ImportedPrompt {
  /** The name and the description in the file. */
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly content: PromptContent;
}

/**
 * Reads a `.prompt` or `.prompty` file. When writing the content anew would not give the same bytes, the text is kept in
 * `extensions.source`, so that exportPrompt returns it as long as the content is not edited.
 * @throws MillraceError `invalid-prompt` with the place of the fault.
 */
export function importPrompt(format: PromptFormat, source: string): ImportedPrompt {
  const imported = readFile(format, source);
  return exportPrompt(format, imported) === source
    ? imported
    : { ...imported, content: withSource(imported.content, format, source) };
}

export interface ExportOptions {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly content: PromptContent;
}

/**
 * Writes a version as a file: the original bytes when it was imported from this format and not edited since, else a clean file
 * that reads back as the same content (without the text of another or an outdated original).
 */
export function exportPrompt(format: PromptFormat, options: ExportOptions): string {
  const original = unchangedSource(options.content, format);
  if (original !== undefined) return original;
  const { name, description } = options;
  const content = withoutSource(options.content);
  for (const body of bodyScopes) {
    const file = formats[format].write({ name, description, content, body });
    if (readsAs(format, file, content)) return file;
  }
  const whole = jsonObjectSchema.parse(content);
  return writeFrontMatter(compact({ name, description, millrace: { content: whole } }), "");
}

function readFile(format: PromptFormat, source: string): ImportedPrompt {
  const { name, description, content } = formats[format].read(source);
  return { name, description, content: parsePromptContent(content) };
}

function readsAs(format: PromptFormat, file: string, content: PromptContent): boolean {
  try {
    return canonicalJson(readFile(format, file).content) === canonicalJson(content);
  } catch (error) {
    if (isMillraceError(error)) return false;
    throw error;
  }
}
