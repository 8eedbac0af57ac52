import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "vitest";

const repositoryRoot = resolve(import.meta.dirname, "../..");

const given = process.env["MILLRACE_VECTORS"];

/** Where the public test vectors lie: `MILLRACE_VECTORS`, else `shared/vectors` beside the repository. */
export const vectorsDirectory = given ?? resolve(repositoryRoot, "../shared/vectors");

export function readVectors(path: string): string {
  return readFileSync(join(vectorsDirectory, path), "utf8");
}

/** Whether these vectors are here; tells when they are not. @throws Error when they were promised by `MILLRACE_VECTORS`. */
export function hasVectors(folder: string): boolean {
  const directory = join(vectorsDirectory, folder);
  if (existsSync(directory)) return true;
  if (given !== undefined) throw new Error(`${directory} does not exist, but MILLRACE_VECTORS is set`);
  console.warn(`checks by the ${folder} vectors are left out: ${directory} does not exist; set MILLRACE_VECTORS`);
  return false;
}

/** Declares a suite over vectors; without them it is skipped, with the reason printed. */
export function describeWithVectors(folder: string, suite: () => void): void {
  if (hasVectors(folder)) describe(`${folder} vectors`, suite);
  else it.skip(`${folder} vectors`, () => undefined);
}
