import type { PromptContent } from "@millrace/core/contract";
import { contentHash } from "@millrace/core/content";
import type { Client } from "../client.ts";
import { decideSync, type SyncStanding } from "./decide-sync.ts";
import { readLock, type LockEntries, type LockEntry } from "./lock-file.ts";
import { readFolder, type InvalidFile, type LocalPrompt } from "./read-folder.ts";

export interface RemotePrompt {
  readonly version: number;
  readonly content: PromptContent;
  readonly hash: string;
}

/** One prompt as the folder, the lock and the server know it. */
export interface SurveyedPrompt {
  readonly name: string;
  readonly standing: SyncStanding;
  readonly base: LockEntry | undefined;
  readonly local: LocalPrompt | undefined;
  readonly remote: RemotePrompt | undefined;
}
export interface Survey {
  readonly prompts: readonly SurveyedPrompt[];
  readonly invalid: readonly InvalidFile[];
  readonly lock: LockEntries;
}

/** Compares a folder with the server. Reads only; a file that is not valid keeps its prompt out of the comparison. */
export async function survey(client: Client, folder: string): Promise<Survey> {
  const lock = await readLock(folder);
  const { prompts: locals, invalid } = await readFolder(folder);
  const remotes = new Map<string, RemotePrompt>();
  for (const { name, latest_version } of (await client.prompts()).data) {
    const { version, content } = await client.version(name, latest_version);
    remotes.set(name, { version, content, hash: contentHash(content) });
  }
  const names = new Set([...locals.keys(), ...remotes.keys(), ...lock.keys()]);
  const prompts = [...names]
    .filter((name) => !invalid.has(name))
    .toSorted()
    .map((name): SurveyedPrompt => {
      const [base, local, remote] = [lock.get(name), locals.get(name), remotes.get(name)];
      const standing = decideSync({ base: base?.hash, local: local?.hash, remote: remote?.hash });
      return { name, standing, base, local, remote };
    });
  return { prompts, invalid: [...invalid.values()], lock };
}
