import { DEFAULT_LABEL, type PromptVersion } from "@millrace/core/contract";
import type { Client } from "../client.ts";
import { CliError, usageError } from "../cli-error.ts";

export interface NamedVersion {
  readonly name: string;
  /** A number, a hash or a label; undefined when nothing was said. */
  readonly selector: string | undefined;
}

/** `name` or `name@3`, as `call` takes it, beside a version that was said in its own place. @throws CliError `usage` for both at once. */
export function parseNamedVersion(text: string, beside: string | undefined): NamedVersion {
  const at = text.indexOf("@");
  if (at < 0) return { name: text, selector: beside };
  if (beside !== undefined) throw usageError(`${text} names a version, and so does ${beside}`, "Say it once.");
  return { name: text.slice(0, at), selector: text.slice(at + 1) };
}

/** The version that a person named. A prompt without the default label shows its latest version. */
export async function chooseVersion(client: Client, name: string, selector: string): Promise<PromptVersion> {
  try {
    return await client.version(name, selector);
  } catch (error) {
    if (!isUnset(error) || selector !== DEFAULT_LABEL) throw error;
    return latestVersion(client, name);
  }
}

/** Whether a label of an existing prompt points nowhere. */
export function isUnset(error: unknown): boolean {
  return error instanceof CliError && (error.code === "unknown-label" || error.code === "label-removed");
}

export async function latestVersion(client: Client, name: string): Promise<PromptVersion> {
  return client.version(name, (await client.prompt(name)).latest_version);
}
