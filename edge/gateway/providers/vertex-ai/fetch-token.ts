import { MillraceError } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { classifyFailure } from "../openai-wire/classify-failure.ts";
import { failureContext } from "../native-wire/post-native.ts";
import type { CallDeps } from "../provider.ts";
import type { Credentials, ExternalAccount, ServiceAccount } from "./parse-credentials.ts";
import { SCOPE, signAssertion } from "./sign-assertion.ts";
import type { AccessToken } from "./token-cache.ts";

/** What is assumed of a token whose issuer does not say how long it lives, in seconds: the shortest life that Google gives. */
const ASSUMED_LIFE_SECONDS = 300;

type TokenDeps = Pick<CallDeps, "fetch"> & { readonly nowMs: number };

/** Google's refusals of an identity are all 400 or 401 and 403: to the caller, our credentials are not accepted. */
async function answerOf(response: Response, what: string): Promise<string> {
  const text = await response.text();
  if (response.ok) return text;
  const { status } = response;
  if (status >= 400 && status < 500 && status !== 429) {
    const message = `The model's server does not accept our credentials: ${what} answered ${status}.`;
    throw new MillraceError("upstream-unauthorized", { message });
  }
  const retryAfter = response.headers.get("retry-after") ?? undefined;
  throw classifyFailure({ status, retryAfter, body: "{}" }, failureContext(undefined));
}

function parse(text: string, what: string): Fields {
  try {
    const fields = asFields(JSON.parse(text));
    if (fields !== undefined) return fields;
  } catch {
    // Told below.
  }
  throw new MillraceError("upstream-garbage", { message: `${what} answered with something that is not JSON.` });
}

function tokenOf(answer: Fields, nowMs: number): AccessToken {
  const token = asText(answer["access_token"]);
  if (token === undefined)
    throw new MillraceError("upstream-garbage", { message: "Google answered without an access token." });
  const life = answer["expires_in"];
  return { token, expiresAtMs: nowMs + (typeof life === "number" ? life : ASSUMED_LIFE_SECONDS) * 1000 };
}

async function exchange(url: string, form: Readonly<Record<string, string>>, deps: TokenDeps): Promise<AccessToken> {
  const response = await deps.fetch(url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: new URLSearchParams(form).toString(),
  });
  return tokenOf(parse(await answerOf(response, "Google's token service"), "Google's token service"), deps.nowMs);
}

async function forServiceAccount(account: ServiceAccount, deps: TokenDeps): Promise<AccessToken> {
  const assertion = await signAssertion(account, deps.nowMs);
  return exchange(account.tokenUrl, { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }, deps);
}

async function subjectToken({ source }: ExternalAccount, deps: TokenDeps): Promise<string> {
  const text = await answerOf(await deps.fetch(source.url, { headers: source.headers }), "the identity's issuer");
  const token = source.field === undefined ? text.trim() : asText(parse(text, "The identity's issuer")[source.field]);
  if (token !== undefined && token !== "") return token;
  throw new MillraceError("upstream-garbage", { message: "The identity's issuer answered without a token." });
}

/** Acts as a service account with a federated token. */
async function impersonate(url: string, federated: AccessToken, deps: TokenDeps): Promise<AccessToken> {
  const response = await deps.fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${federated.token}` },
    body: JSON.stringify({ scope: [SCOPE] }),
  });
  const answer = parse(await answerOf(response, "the service account's impersonation"), "Google");
  const [token, ends] = [asText(answer["accessToken"]), Date.parse(asText(answer["expireTime"]) ?? "")];
  if (token === undefined)
    throw new MillraceError("upstream-garbage", { message: "Google answered without an access token." });
  return { token, expiresAtMs: Number.isNaN(ends) ? federated.expiresAtMs : ends };
}

async function forExternalAccount(account: ExternalAccount, deps: TokenDeps): Promise<AccessToken> {
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    audience: account.audience,
    scope: SCOPE,
    subject_token_type: account.subjectTokenType,
    subject_token: await subjectToken(account, deps),
  };
  const federated = await exchange(account.tokenUrl, form, deps);
  return account.impersonationUrl === undefined ? federated : impersonate(account.impersonationUrl, federated, deps);
}

/** A new access token. @throws MillraceError `upstream-unauthorized` when Google refuses the identity. */
export function fetchToken(credentials: Credentials, deps: TokenDeps): Promise<AccessToken> {
  return credentials.type === "service_account"
    ? forServiceAccount(credentials, deps)
    : forExternalAccount(credentials, deps);
}
