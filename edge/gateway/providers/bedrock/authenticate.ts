import { AwsV4Signer } from "aws4fetch";
import { MillraceError } from "@millrace/core/contract";

/** Who calls Bedrock: an AWS identity whose calls are signed, or a Bedrock API key that travels with them. */
export type BedrockIdentity =
  | {
      readonly kind: "signer";
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | undefined;
    }
  | { readonly kind: "api-key"; readonly apiKey: string };

/** Reads `<access key id>:<secret access key>[:<session token>]`, or a Bedrock API key, which has no colon. */
export function parseIdentity(secret: string | undefined): BedrockIdentity {
  const parts = (secret ?? "").trim().split(":");
  const [first = "", secretAccessKey, sessionToken] = parts;
  if (first !== "" && secretAccessKey === undefined) return { kind: "api-key", apiKey: first };
  if (first === "" || secretAccessKey === undefined || secretAccessKey === "" || parts.length > 3) {
    const message =
      "The secret of the Bedrock provider is not `<access key id>:<secret access key>[:<session token>]`.";
    throw new MillraceError("upstream-unauthorized", { message });
  }
  return {
    kind: "signer",
    accessKeyId: first,
    secretAccessKey,
    sessionToken: sessionToken === "" ? undefined : sessionToken,
  };
}

/** What the service sees of an identity, and could quote. */
export function seenOf(identity: BedrockIdentity): string {
  return identity.kind === "api-key" ? identity.apiKey : identity.accessKeyId;
}

export interface Signing {
  readonly url: string;
  readonly body: string;
  readonly region: string;
  readonly nowMs: number;
}

/** The headers that prove who calls: AWS Signature Version 4 over this one request, or the key. */
export async function authenticate(identity: BedrockIdentity, request: Signing): Promise<Record<string, string>> {
  if (identity.kind === "api-key") return { authorization: `Bearer ${identity.apiKey}` };
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  const signer = new AwsV4Signer({
    method: "POST",
    url: request.url,
    body: request.body,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service: "bedrock",
    region: request.region,
    datetime: new Date(request.nowMs).toISOString().replace(/[:-]|\.\d{3}/g, ""),
  });
  return Object.fromEntries((await signer.sign()).headers);
}
