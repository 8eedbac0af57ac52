import { MillraceError } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";

/** A service account's key, as Google's console hands it out. */
export interface ServiceAccount {
  readonly type: "service_account";
  readonly email: string;
  readonly privateKeyPem: string;
  readonly keyId: string | undefined;
  readonly tokenUrl: string;
  readonly project: string | undefined;
}

/** A federated identity: another issuer's OIDC token, fetched from a URL, is exchanged for one of Google's (RFC 8693). */
export interface ExternalAccount {
  readonly type: "external_account";
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: string;
  readonly impersonationUrl: string | undefined;
  readonly source: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    /** The field of a JSON answer that holds the token; undefined = the answer is the token. */
    readonly field: string | undefined;
  };
}

export type Credentials = ServiceAccount | ExternalAccount;

const TOKEN_URL = "https://oauth2.googleapis.com/token";
const STS_URL = "https://sts.googleapis.com/v1/token";

function refused(why: string): MillraceError {
  return new MillraceError("upstream-unauthorized", { message: `The secret of the Vertex AI provider ${why}.` });
}

function need(fields: Fields | undefined, name: string): string {
  const value = asText(fields?.[name]);
  if (value === undefined || value === "") throw refused(`has no \`${name}\``);
  return value;
}

function serviceAccount(fields: Fields): ServiceAccount {
  return {
    type: "service_account",
    email: need(fields, "client_email"),
    privateKeyPem: need(fields, "private_key"),
    keyId: asText(fields["private_key_id"]),
    tokenUrl: asText(fields["token_uri"]) ?? TOKEN_URL,
    project: asText(fields["project_id"]),
  };
}

function externalAccount(fields: Fields): ExternalAccount {
  const source = asFields(fields["credential_source"]);
  const format = asFields(source?.["format"]);
  const headers = Object.entries(asFields(source?.["headers"]) ?? {}).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  return {
    type: "external_account",
    audience: need(fields, "audience"),
    subjectTokenType: need(fields, "subject_token_type"),
    tokenUrl: asText(fields["token_url"]) ?? STS_URL,
    impersonationUrl: asText(fields["service_account_impersonation_url"]),
    source: {
      url: need(source, "url"),
      headers: Object.fromEntries(headers),
      field: format?.["type"] === "json" ? need(format, "subject_token_field_name") : undefined,
    },
  };
}

/** The secret of a provider: the JSON that Google hands out for a service account or a workload identity pool. */
export function parseCredentials(secret: string | undefined): Credentials {
  let fields: Fields | undefined;
  try {
    fields = asFields(JSON.parse(secret ?? ""));
  } catch {
    // Told below.
  }
  if (fields === undefined) throw refused("is not the JSON of a service account or of an external account");
  switch (fields["type"]) {
    case "service_account":
      return serviceAccount(fields);
    case "external_account":
      return externalAccount(fields);
    default:
      throw refused("is neither a `service_account` nor an `external_account`");
  }
}
