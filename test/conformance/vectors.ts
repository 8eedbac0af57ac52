import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "vitest";

const repositoryRoot = resolve(import.meta.dirname, "../..");

/** Where the public test vectors lie: `MILLRACE_VECTORS`, else `shared/vectors` beside the repository. */
export const vectorsDirectory = process.env["MILLRACE_VECTORS"] ?? resolve(repositoryRoot, "../shared/vectors");

export function readVectors(path: string): string {
  return readFileSync(join(vectorsDirectory, path), "utf8");
}

/** Declares a suite over vectors; without them it fails in CI and is skipped elsewhere, with the reason printed. */
export function describeWithVectors(folder: string, suite: () => void): void {
  const directory = join(vectorsDirectory, folder);
  if (existsSync(directory)) {
    describe(`${folder} vectors`, suite);
    return;
  }
  const reason = `${directory} does not exist; set MILLRACE_VECTORS`;
  if (process.env["CI"] === "true") {
    it(`finds the ${folder} vectors`, () => {
      throw new Error(reason);
    });
    return;
  }
  console.warn(`skipped the ${folder} conformance tests: ${reason}`);
  it.skip(`${folder} vectors: ${reason}`, () => undefined);
}
