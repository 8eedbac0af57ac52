import { DEFAULT_LABEL, type PromptVersion } from "@millrace/core/contract";
import type { Client } from "../client.ts";
import { CliError } from "../cli-error.ts";

/** The version that a person named. A prompt without the default label shows its latest version. */
export async function chooseVersion(client: Client, name: string, selector: string): Promise<PromptVersion> {
  try {
    return await client.version(name, selector);
  } catch (error) {
    const isUnset = error instanceof CliError && (error.code === "unknown-label" || error.code === "label-removed");
    if (!isUnset || selector !== DEFAULT_LABEL) throw error;
    return latestVersion(client, name);
  }
}

export async function latestVersion(client: Client, name: string): Promise<PromptVersion> {
  return client.version(name, (await client.prompt(name)).latest_version);
}
