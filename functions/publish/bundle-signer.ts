/** Signs the message of a bundle pointer; Base64 Ed25519. */
export type SignMessage = (message: Uint8Array<ArrayBuffer>) => Promise<string>;

/**
 * @param privateKeyBase64 PKCS#8, as BUNDLE_PRIVATE_KEY holds it; imported at the first signature.
 */
export function createBundleSigner(privateKeyBase64: string): SignMessage {
  let imported: Promise<CryptoKey> | undefined;
  return async (message) => {
    imported ??= crypto.subtle.importKey("pkcs8", fromBase64(privateKeyBase64), { name: "Ed25519" }, false, ["sign"]);
    return toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", await imported, message)));
  };
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
