import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { promptNameSchema, sha256Schema } from "@millrace/core/contract";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { writeAtomically } from "./write-atomically.ts";

const LOCK_NAME = "millrace.lock.json";

/** For each prompt, the version that file and server last agreed on: the base of the three-way comparison. Belongs in Git. */
const lockSchema = z.object({
  schema: z.literal(1),
  prompts: z.record(promptNameSchema, z.object({ version: z.int().positive(), hash: sha256Schema })),
});
export type LockEntry = { readonly version: number; readonly hash: string };
export type LockEntries = ReadonlyMap<string, LockEntry>;

/** An absent file is an empty lock. @throws CliError when it is there and not a lock: guessing a base could overwrite work. */
export async function readLock(folder: string): Promise<LockEntries> {
  const file = join(folder, LOCK_NAME);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isAbsent(error)) return new Map();
    throw error;
  }
  try {
    return new Map(Object.entries(lockSchema.parse(JSON.parse(text)).prompts));
  } catch (cause) {
    throw new CliError({
      code: "file-error",
      message: `${file} is not a lock file; nothing was done`,
      remedy: "Take it from Git again; without it nobody knows which side changed.",
      cause,
    });
  }
}

/** Writes only what differs, with sorted names, so that Git sees small changes. */
export async function writeLock(folder: string, entries: LockEntries, before: LockEntries): Promise<void> {
  if (isDeepStrictEqual(entries, before)) return;
  const prompts = Object.fromEntries(Array.from(entries).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  await writeAtomically(join(folder, LOCK_NAME), `${JSON.stringify({ schema: 1, prompts }, null, 2)}\n`);
}

export function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
