import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "./config.ts";
import { writePrivateFile } from "./private-file.ts";

/** The Ed25519 pair that signs and checks bundle pointers. */
export interface SigningKeys {
  /** Base64, raw 32 bytes. */
  readonly publicKey: string;
  /** Base64, PKCS#8. */
  readonly privateKey: string;
}

/** Raw public bytes follow this many bytes of SubjectPublicKeyInfo (RFC 8410, section 4). */
const spkiPrefixBytes = 12;

/**
 * The stack's own pair, made once and kept.
 * @throws StartError when the file is there and is not a pair.
 */
export async function keepSigningKeys(dataDir: string): Promise<SigningKeys> {
  const path = join(dataDir, "keys.json");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text !== undefined) return parse(text, path);
  const pair = generateKeyPairSync("ed25519");
  const keys = {
    publicKey: pair.publicKey.export({ type: "spki", format: "der" }).subarray(spkiPrefixBytes).toString("base64"),
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  };
  await writePrivateFile(path, JSON.stringify(keys));
  return keys;
}

function parse(text: string, path: string): SigningKeys {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && "publicKey" in value && "privateKey" in value) {
    return { publicKey: String(value.publicKey), privateKey: String(value.privateKey) };
  }
  throw new StartError(`${path} does not hold a key pair; remove it and a new one is made.`);
}
