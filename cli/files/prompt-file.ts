import {
  isMillraceError,
  type MillraceError,
  promptContentSchema,
  type PromptChange,
  type PromptContent,
} from "@millrace/core/contract";
import { contentHash } from "@millrace/core/content";
import {
  assertPublishable,
  diffPrompts,
  exportPrompt,
  findIdleSettings,
  type ImportedPrompt,
  importPrompt,
} from "@millrace/core/prompt";
import { CliError } from "../cli-error.ts";
import { locateField } from "./locate-field.ts";

/** The end of a prompt file's name: google/dotprompt, with what it cannot say under `millrace` in the front matter. */
export const PROMPT_SUFFIX = ".prompt";

export interface ParsedPromptFile extends ImportedPrompt {
  /** What is stored all the same and will have no effect, each with the file, line and column. */
  readonly warnings: readonly string[];
}

/**
 * A version's content from its file form. What only the server can know (the prompts that it includes) is left to the server.
 * @throws CliError `invalid-prompt`, `template-error` … with the file, line and column of the first fault.
 */
export function parsePromptFile(source: string, file: string): ParsedPromptFile {
  try {
    const imported = importPrompt("dotprompt", source);
    if (Object.keys(imported.content.includes).length === 0) assertPublishable(imported.content);
    const warnings = findIdleSettings(imported.content).map(
      ({ path, message }) => `${placeOf(source, file, path)}: ${message}`,
    );
    return { ...imported, warnings };
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    throw new CliError({
      code: error.code,
      message: placedMessage(error, source, file),
      remedy: "Correct the file there; nothing of it was stored.",
      cause: error,
    });
  }
}

function placeOf(source: string, file: string, path: string): string {
  const place = locateField(source, path, [[]]);
  return place === undefined ? file : `${file}:${place.line}:${place.column}`;
}

function placedMessage({ message, param }: MillraceError, source: string, file: string): string {
  const own = /\(line (\d+), column (\d+)\)/.exec(message);
  const field = param === undefined ? undefined : locateField(source, param);
  if (field !== undefined) return `${file}:${field.line}:${field.column}: ${message}`;
  if (own !== null && param === undefined) return `${file}:${own[1]}:${own[2]}: ${message.replace(` ${own[0]}`, "")}`;
  return `${file}: ${message}${param === undefined || message.startsWith(param) ? "" : ` (${param})`}`;
}

/** The file form of a version's content: the author's own bytes when it came from a file, else a clean one. */
export function formatPromptFile(content: PromptContent): string {
  return exportPrompt("dotprompt", { content });
}

export function isSameContent(a: PromptContent, b: PromptContent): boolean {
  return contentHash(a) === contentHash(b);
}

/** What changed, by meaning; the copy of the file's own text, kept for a faithful export, is not news to a reader. */
export function comparePrompts(before: PromptContent, after: PromptContent): readonly PromptChange[] {
  return diffPrompts(before, after).filter(({ path }) => !/^extensions\.source\b/.test(path));
}

/** What a new prompt begins with. */
export function starterContent(model: string): PromptContent {
  return promptContentSchema.parse({
    system: "You are a helpful assistant at {{company}}.\nAnswer the user's message.",
    constraints: ["Use a friendly tone."],
    variables: { type: "object", properties: { company: { type: "string" } }, required: ["company"] },
    settings: { model, temperature: 0 },
  });
}
