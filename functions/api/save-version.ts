import { MillraceError, type PromptVersion } from "@millrace/core/contract";
import { getPrompt } from "../stores/prompt-store.ts";
import {
  findVersionByHash,
  findVersionByNumber,
  insertNextVersion,
  insertPrompt,
  type NewVersion,
  type VersionRow,
} from "../stores/version-store.ts";
import { type Call, created, ok, type Reply } from "./call.ts";

/** @throws MillraceError `already-exists` */
export async function saveFirstVersion(call: Call, version: NewVersion, description: string): Promise<Reply> {
  const { rows, environmentIds } = await insertPrompt(call.change, version, description);
  if (rows.length === 0)
    throw new MillraceError("already-exists", {
      param: "name",
      message: `There is a prompt ${version.promptName} already.`,
    });
  call.deps.publish(environmentIds);
  return created(await readBack(call, version.promptName, 1));
}

/**
 * The next version (201), or the one that has this content already (200).
 * @throws MillraceError `unknown-prompt`, `version-conflict` naming the latest version
 */
export async function saveNextVersion(call: Call, version: NewVersion, expectedLatest: number): Promise<Reply> {
  const { rows, environmentIds } = await insertNextVersion(call.change, version, expectedLatest);
  const [inserted] = rows;
  if (inserted !== undefined) {
    call.deps.publish(environmentIds);
    return created(await readBack(call, version.promptName, inserted.version));
  }
  const prompt = await getPrompt(call.tenant, version.promptName);
  const same = await findVersionByHash(call.tenant, prompt.id, version.hash);
  if (same !== undefined) return ok(toVersion(prompt.name, same));
  throw new MillraceError("version-conflict", {
    param: "expected_latest",
    message: `The latest version of ${prompt.name} is ${prompt.latestVersion}, not ${expectedLatest}.`,
  });
}

async function readBack(call: Call, name: string, number: number): Promise<PromptVersion> {
  const prompt = await getPrompt(call.tenant, name);
  const row = await findVersionByNumber(call.tenant, prompt.id, number);
  if (row === undefined)
    throw new MillraceError("internal", { message: `Version ${number} of ${name} was written and is not there.` });
  return toVersion(name, row);
}

export function toVersion(prompt: string, row: VersionRow): PromptVersion {
  return {
    id: row.id,
    prompt,
    version: row.version,
    hash: row.hash,
    content: row.content,
    message: row.message,
    author: row.author,
    created_at: row.createdAt.toISOString(),
  };
}
