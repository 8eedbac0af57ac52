import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promptNameSchema, type PromptContent } from "@millrace/core/contract";
import { contentHash } from "@millrace/core/content";
import { CliError } from "../cli-error.ts";
import { isAbsent } from "./lock-file.ts";
import { parsePromptFile, PROMPT_SUFFIX } from "./prompt-file.ts";

export interface LocalPrompt {
  readonly name: string;
  readonly file: string;
  readonly description: string | undefined;
  readonly content: PromptContent;
  readonly hash: string;
  readonly warnings: readonly string[];
}
export interface InvalidFile {
  readonly name: string;
  readonly file: string;
  readonly error: CliError;
}
export interface PromptFolder {
  readonly prompts: ReadonlyMap<string, LocalPrompt>;
  /** Files that are no prompt; the others are not affected by them. */
  readonly invalid: ReadonlyMap<string, InvalidFile>;
}

export function promptFileName(folder: string, name: string): string {
  return join(folder, name + PROMPT_SUFFIX);
}

/** Every `<name>.prompt` of a folder. An absent folder is an empty one. */
export async function readFolder(folder: string): Promise<PromptFolder> {
  const prompts = new Map<string, LocalPrompt>();
  const invalid = new Map<string, InvalidFile>();
  for (const entry of await listFiles(folder)) {
    const name = entry.slice(0, -PROMPT_SUFFIX.length);
    const file = join(folder, entry);
    try {
      const { content, description, name: ownName, warnings } = parsePromptFile(await readFile(file, "utf8"), file);
      if (!promptNameSchema.safeParse(name).success) throw badName(file, name);
      if (ownName !== undefined && ownName !== name) throw otherName(file, ownName);
      prompts.set(name, { name, file, description, content, hash: contentHash(content), warnings });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      invalid.set(name, { name, file, error });
    }
  }
  return { prompts, invalid };
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(PROMPT_SUFFIX) && !entry.name.startsWith("."))
      .map((entry) => entry.name)
      .toSorted();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function badName(file: string, name: string): CliError {
  return new CliError({
    code: "invalid-prompt",
    message: `${file}: "${name}" is not a prompt's name`,
    remedy: "Name the file with 1–63 lower-case letters, digits and inner hyphens.",
  });
}

function otherName(file: string, name: string): CliError {
  return new CliError({
    code: "invalid-prompt",
    message: `${file} says that its name is "${name}"`,
    remedy: "Rename the file, or take `name` out of it: the file's name is the prompt's.",
  });
}
