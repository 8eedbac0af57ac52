import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { z } from "zod";
import { faultLines, fileError } from "../cli-error.ts";

/** A file of YAML, or of JSON, which is YAML, checked before anything is sent. @throws CliError that names the field at fault. */
export async function readDeclaration<T extends z.ZodType>(path: string, schema: T): Promise<z.input<T>> {
  const text = await readFile(path, "utf8");
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw fileError(
      `${path} is neither YAML nor JSON: ${error instanceof Error ? error.message.trimEnd() : String(error)}`,
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw fileError(`${path} does not fit:\n${faultLines(parsed.error)}`);
  // As it was written: what it leaves out is for the server to fill in.
  return value as z.input<T>;
}
