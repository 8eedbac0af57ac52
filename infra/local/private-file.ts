import { randomBytes } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";

/** Writes a file that only this account may read; it appears whole. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString("hex")}`;
  await writeFile(aside, text, { mode: 0o600, flag: "wx" });
  await rename(aside, path);
}
