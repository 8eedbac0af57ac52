import { describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "../native-wire/base64.ts";
import { parseCredentials } from "./parse-credentials.ts";
import { signAssertion } from "./sign-assertion.ts";

const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

describe("an assertion for Google in workerd", () => {
  it("verifies with the public half of the account's key", async () => {
    const made = await crypto.subtle.generateKey(
      { ...algorithm, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
      true,
      ["sign", "verify"],
    );
    if (!("privateKey" in made)) throw new Error("not a pair");
    const der = await crypto.subtle.exportKey("pkcs8", made.privateKey);
    if (!(der instanceof ArrayBuffer)) throw new Error("not bytes");
    const lines = (toBase64(new Uint8Array(der)).match(/.{1,64}/g) ?? []).join("\n");
    const credentials = parseCredentials(
      JSON.stringify({
        type: "service_account",
        client_email: "gateway@acme.iam.gserviceaccount.com",
        private_key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
      }),
    );
    if (credentials.type !== "service_account") throw new Error("not a service account");
    const [head = "", claims = "", signature = ""] = (await signAssertion(credentials, Date.UTC(2026, 0, 1))).split(
      ".",
    );
    const bytes = fromBase64(signature.replaceAll("-", "+").replaceAll("_", "/"));
    const signed = new TextEncoder().encode(`${head}.${claims}`);
    expect(await crypto.subtle.verify(algorithm.name, made.publicKey, bytes, signed)).toBe(true);
  });
});
