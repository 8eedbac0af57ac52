import { type ErrorCode, errorCatalogue, isErrorCode, MillraceError } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";
import { byStatus, byVendorCode, byWords, CALLERS_FAULT } from "./failure-rules.ts";
import { readVendorError, type VendorError } from "./read-vendor-error.ts";

/** The longest part of a vendor's words that a caller sees. */
const MAX_MESSAGE_CHARS = 600;
/** A server that asks for a longer wait than this is as good as away; clients should not sleep for it. */
const MAX_RETRY_AFTER_SECONDS = 120;

/** What looks like a credential, should a server quote ours back in other words. */
const CREDENTIALS = /\b(?:sk|hf|pk|mlr|key|gsk|xai|fw|tgp)[-_][A-Za-z0-9_*-]{8,}|\bBearer\s+\S+/gi;

/** An error as its server told it. */
export interface UpstreamFailure {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

export interface FailureContext {
  /** Never to appear in what a caller reads. */
  readonly secret: string | undefined;
  /** Our own runner speaks our error codes; no one else's word is taken for them. */
  readonly trustCodes: boolean;
  readonly nowMs: number;
}

/** A vendor's words without anything that could be a secret. */
export function scrub(text: string, secret: string | undefined): string {
  const known = secret === undefined || secret === "" ? text : text.replaceAll(secret, "[secret]");
  const safe = known.replace(CREDENTIALS, "[secret]");
  return safe.length > MAX_MESSAGE_CHARS ? `${safe.slice(0, MAX_MESSAGE_CHARS)}…` : safe;
}

/** `Retry-After` in whole seconds: delta or HTTP date (RFC 9110, section 10.2.3), within the cap. */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = /^\s*\d+(?:\.\d+)?\s*$/.test(header) ? Number(header) : (Date.parse(header) - nowMs) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(0, Math.ceil(seconds)));
}

/** A shorter secret could be a word that answers hold by chance; no vendor issues one. */
const MIN_SECRET_CHARS = 8;

/** An answer, unless its server quotes our credentials in it: callers may use a provider without being shown its secret. */
export function withoutSecret(answer: string, secret: string | undefined): string {
  return secret === undefined || secret.length < MIN_SECRET_CHARS ? answer : answer.replaceAll(secret, "[secret]");
}

function codeOf(status: number, vendor: VendorError, trustCodes: boolean): ErrorCode {
  const [code] = vendor.codes;
  if (trustCodes && code !== undefined && isErrorCode(code) && errorCatalogue[code].status === status) return code;
  if (vendor.moderated) return "content-filtered";
  for (const word of vendor.codes) {
    const known = byVendorCode.get(word);
    if (known !== undefined) return known;
  }
  const { message } = vendor;
  const said =
    message === undefined ? undefined : byWords.find((rule) => rule.statuses.has(status) && rule.words.test(message));
  const known = said?.code ?? byStatus.get(status);
  if (known !== undefined) return known;
  if (CALLERS_FAULT.has(status)) return "invalid-request";
  return status >= 400 && status < 500 ? "upstream-rejected" : "upstream-failed";
}

/** What the vendor says of our account and our credentials is for the operator, not for the caller. */
const PRIVATE_WORDS: ReadonlySet<ErrorCode> = new Set(["upstream-unauthorized", "upstream-quota-exhausted"]);

/** What an answer outside 2xx means to our caller. The server's words are passed on only where they are about the caller's request. */
export function classifyFailure(failure: UpstreamFailure, context: FailureContext): MillraceError {
  const vendor = readVendorError(failure.body);
  const code = codeOf(failure.status, vendor, context.trustCodes);
  const said = vendor.message === undefined ? undefined : scrub(vendor.message, context.secret);
  const retryAfter = retryAfterSeconds(failure.retryAfter, context.nowMs);
  const message =
    said !== undefined && !PRIVATE_WORDS.has(code) ? said : `The model's server answered ${failure.status}.`;
  return new MillraceError(code, {
    message,
    ...(vendor.param === undefined ? {} : { param: scrub(vendor.param, context.secret) }),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  });
}

/** An `{"error": …}` event (vLLM of old: `{"object": "error", …}`) inside an answer that had begun with 200. */
export function classifyErrorEvent(event: string, context: FailureContext): MillraceError {
  const outer = asFields(JSON.parse(event));
  const fields = asFields(outer?.["error"]) ?? outer;
  const status =
    typeof fields?.["code"] === "number"
      ? fields["code"]
      : typeof fields?.["status"] === "number"
        ? fields["status"]
        : 500;
  return classifyFailure({ status: status >= 400 ? status : 500, retryAfter: undefined, body: event }, context);
}
