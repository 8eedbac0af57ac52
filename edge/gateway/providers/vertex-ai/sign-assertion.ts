import { MillraceError } from "@millrace/core/contract";
import { fromBase64, toBase64Url } from "../native-wire/base64.ts";
import type { ServiceAccount } from "./parse-credentials.ts";

/** Google's longest life of an assertion, in seconds; the token that it buys lives as long. */
const LIFE_SECONDS = 3600;
/** The permission that every call of Vertex AI needs. */
export const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

const encoder = new TextEncoder();

function part(value: object): string {
  return toBase64Url(encoder.encode(JSON.stringify(value)));
}

async function importKey(pem: string): Promise<CryptoKey> {
  try {
    const der = fromBase64(pem.replace(/-----(?:BEGIN|END) PRIVATE KEY-----/g, "").replace(/\s/g, ""));
    return await crypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]);
  } catch (cause) {
    const message = "The `private_key` of the Vertex AI provider's secret is not an RSA key in PKCS #8.";
    throw new MillraceError("upstream-unauthorized", { message, cause });
  }
}

/** The signed claim of a service account to be itself (RFC 7523), RS256. */
export async function signAssertion(account: ServiceAccount, nowMs: number): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  const header = { alg: "RS256", typ: "JWT", ...(account.keyId === undefined ? {} : { kid: account.keyId }) };
  const claims = {
    iss: account.email,
    scope: SCOPE,
    aud: account.tokenUrl,
    iat: issuedAt,
    exp: issuedAt + LIFE_SECONDS,
  };
  const signed = `${part(header)}.${part(claims)}`;
  const key = await importKey(account.privateKeyPem);
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, encoder.encode(signed));
  return `${signed}.${toBase64Url(new Uint8Array(signature))}`;
}
