import type { BundlePointer } from "../contract/index.ts";

/** The bytes that the signature of a pointer covers: no two pointers share them. */
export function pointerMessage(
  pointer: Pick<BundlePointer, "environmentId" | "epoch" | "hash">,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${pointer.environmentId}\n${pointer.epoch}\n${pointer.hash}`));
}
