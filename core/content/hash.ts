import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "./canonical-json.ts";

/** SHA-256 of a string's UTF-8 bytes or of bytes, in lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(typeof data === "string" ? utf8ToBytes(data) : data));
}

/** The name of a JSON value: SHA-256 of its canonical form. */
export function contentHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
