import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writePrivateFile } from "./private-file.ts";

/** What scripts read to find the stack: `.millrace/local.json`, there only while everything answers. */
export interface LocalFile {
  readonly url: string;
  readonly key: string;
  /** URL of the runner, or null when the stack runs without one. */
  readonly runner: string | null;
  readonly docs: string;
}

const fileName = "local.json";

export async function writeLocalFile(dataDir: string, file: LocalFile): Promise<void> {
  await writePrivateFile(join(dataDir, fileName), `${JSON.stringify(file, null, 2)}\n`);
}

/** A script that waits for the file must not find the one of a stack that is gone. */
export async function removeLocalFile(dataDir: string): Promise<void> {
  await rm(join(dataDir, fileName), { force: true });
}

const keyName = "key.json";

/** The key outlives the file: what a person has pasted somewhere goes on working after a restart. */
export async function readLocalKey(dataDir: string): Promise<string | undefined> {
  const text = await readFile(join(dataDir, keyName), "utf8").catch(() => "{}");
  try {
    const value: unknown = JSON.parse(text);
    const isKey = typeof value === "object" && value !== null && "key" in value && typeof value.key === "string";
    return isKey ? String(value.key) : undefined;
  } catch {
    return undefined;
  }
}

export async function writeLocalKey(dataDir: string, key: string): Promise<void> {
  await writePrivateFile(join(dataDir, keyName), JSON.stringify({ key }));
}
