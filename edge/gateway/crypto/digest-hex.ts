import { sha256Hex } from "@millrace/core/content";

/** Below this size, hashing in JavaScript is done before the platform's digest has been called. */
const NATIVE_FROM_CHARS = 4096;

/** SHA-256 of the text's UTF-8 bytes, in lower-case hex. */
export async function digestHex(text: string): Promise<string> {
  if (text.length < NATIVE_FROM_CHARS) return sha256Hex(text);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
