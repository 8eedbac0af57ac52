import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a clone has to carry for the shipped model, and for any other single file: bytes. */
const maxModelBytes = 12 * 1024 * 1024;
const maxFileBytes = 1024 * 1024;
const skippedFolders = new Set(["node_modules", "dist", "coverage", "__pycache__"]);

/** Finds what makes a clone too large. @returns one sentence for each fault. */
export async function checkSizes(root: string): Promise<string[]> {
  const files = await sizesUnder(root, "");
  const models = files.filter(({ path }) => path.startsWith("gpu-runner/models/"));
  const modelBytes = models.reduce((sum, { bytes }) => sum + bytes, 0);
  const faults = files
    .filter(({ path, bytes }) => bytes > maxFileBytes && !path.startsWith("gpu-runner/models/"))
    .map(({ path, bytes }) => `${path} has ${bytes} bytes; ${maxFileBytes} are allowed`);
  if (modelBytes > maxModelBytes)
    faults.push(`gpu-runner/models has ${modelBytes} bytes; ${maxModelBytes} are allowed`);
  return faults;
}

/** Folders that begin with a dot hold what is never committed. */
async function sizesUnder(root: string, folder: string): Promise<{ path: string; bytes: number }[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        return entry.name.startsWith(".") || skippedFolders.has(entry.name) ? [] : sizesUnder(root, path);
      }
      return entry.isFile() && !entry.name.endsWith(".log")
        ? [{ path, bytes: (await stat(join(root, path))).size }]
        : [];
    }),
  );
  return found.flat();
}
