import { pointerMessage } from "@millrace/core/bundle";
import { type Bundle, type BundlePointer, bundlePointerSchema, bundleSchema } from "@millrace/core/contract";
import { digestHex } from "../crypto/digest-hex.ts";

/** Why a pointer or a bundle was not taken over. */
export type Refusal =
  | "pointer-malformed"
  | "environment-mismatch"
  | "signature-invalid"
  | "hash-mismatch"
  | "bundle-malformed";

export class BundleRefused extends Error {
  readonly code: Refusal;

  constructor(code: Refusal) {
    super(code);
    this.name = "BundleRefused";
    this.code = code;
  }
}

/** The signature check with one key, imported once for each isolate. */
export type VerifyPointer = (environmentId: string, pointer: unknown) => Promise<BundlePointer>;

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/**
 * Verifies that a pointer was signed by the functions Worker for this environment. A hub, a KV namespace or a network that was tampered
 * with can withhold a pointer or replay an older one, never forge one.
 */
export function createPointerVerifier(publicKey: Uint8Array<ArrayBuffer>): VerifyPointer {
  let imported: Promise<CryptoKey> | undefined;
  return async (environmentId, value) => {
    const parsed = bundlePointerSchema.safeParse(value);
    if (!parsed.success) throw new BundleRefused("pointer-malformed");
    const pointer = parsed.data;
    if (pointer.environmentId !== environmentId) throw new BundleRefused("environment-mismatch");
    imported ??= crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    const signature = fromBase64(pointer.signature);
    const message = pointerMessage(pointer);
    const genuine =
      signature !== undefined && (await crypto.subtle.verify("Ed25519", await imported, signature, message));
    if (!genuine) throw new BundleRefused("signature-invalid");
    return pointer;
  };
}

/** The bundle in this text, when it is the one that the signed pointer names. */
export async function openBundle(pointer: BundlePointer, text: string): Promise<Bundle> {
  if ((await digestHex(text)) !== pointer.hash) throw new BundleRefused("hash-mismatch");
  const bundle = bundleSchema.safeParse(JSON.parse(text));
  if (!bundle.success) throw new BundleRefused("bundle-malformed");
  if (bundle.data.environment.id !== pointer.environmentId) throw new BundleRefused("environment-mismatch");
  return bundle.data;
}
