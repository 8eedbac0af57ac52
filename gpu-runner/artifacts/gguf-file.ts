import { open, stat } from "node:fs/promises";
import { MillraceError } from "@millrace/core/contract";

/** Smallest file that can hold a GGUF header: magic, version, two counts (ggml-org/ggml docs/gguf.md). */
const HEADER_BYTES = 24;
const KNOWN_VERSIONS = [2, 3];

/** Looks at a file's first bytes, so that a wrong file is named as such before an engine tries it. @throws MillraceError `model-unavailable`. */
export async function checkGgufHeader(path: string): Promise<void> {
  const size = await stat(path).then(
    (stats) => (stats.isFile() ? stats.size : undefined),
    () => undefined,
  );
  if (size === undefined) {
    throw new MillraceError("model-unavailable", {
      message: `There is no model file at ${path}. Set MILLRACE_MODEL to a GGUF file or to hf:owner/repo:quant.`,
    });
  }
  const header = Buffer.alloc(HEADER_BYTES);
  const file = await open(path);
  let bytesRead: number;
  try {
    bytesRead = (await file.read(header, 0, HEADER_BYTES, 0)).bytesRead;
  } finally {
    await file.close();
  }
  const wrong = (what: string) =>
    new MillraceError("model-unavailable", {
      message: `${path} ${what}. Delete it and fetch it again, or set MILLRACE_MODEL to another file.`,
    });
  if (bytesRead < HEADER_BYTES) throw wrong(`is cut off: it has ${size} bytes`);
  if (header.toString("latin1", 0, 4) !== "GGUF") throw wrong("is not a GGUF file");
  const version = header.readUInt32LE(4);
  if (!KNOWN_VERSIONS.includes(version)) throw wrong(`has GGUF version ${version}, which llama.cpp does not read`);
}
