import { sha256Hex } from "@millrace/core/content";
import { toHex } from "@millrace/core/contract";

/** Below this size, hashing in JavaScript is done before the platform's digest has been called. */
const NATIVE_FROM_CHARS = 256;

const encoder = new TextEncoder();

/** SHA-256 of the text's UTF-8 bytes, in lower-case hex. */
export async function digestHex(text: string): Promise<string> {
  if (text.length < NATIVE_FROM_CHARS) return sha256Hex(text);
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}
