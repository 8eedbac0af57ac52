import type { PromptChange } from "@millrace/core/contract";
import type { Client } from "../client.ts";
import { comparePrompts } from "./prompt-file.ts";
import type { SurveyedPrompt } from "./survey.ts";

/** What each side did since they last agreed; undefined = that side no longer has the prompt. */
export interface ConflictSides {
  readonly local: readonly PromptChange[] | undefined;
  readonly remote: readonly PromptChange[] | undefined;
  /** The version that they last agreed on; undefined when they never did: then both lists compare server to file. */
  readonly baseVersion: number | undefined;
}

export async function describeConflict(client: Client, prompt: SurveyedPrompt): Promise<ConflictSides> {
  const { base, local, remote } = prompt;
  if (base === undefined) {
    const changes = local === undefined || remote === undefined ? [] : comparePrompts(remote.content, local.content);
    return { local: changes, remote: [], baseVersion: undefined };
  }
  const { content } = await client.version(prompt.name, base.version);
  return {
    local: local === undefined ? undefined : comparePrompts(content, local.content),
    remote: remote === undefined ? undefined : comparePrompts(content, remote.content),
    baseVersion: base.version,
  };
}
