import { type ErrorCode, errorCatalogue, isErrorCode, MillraceError } from "@millrace/core/contract";
import { asFields, asText } from "../../json/vendor-json.ts";

/** The longest part of a vendor's words that a caller sees. */
const MAX_MESSAGE_CHARS = 600;
/** A server that asks for a longer wait than this is as good as away; clients should not sleep for it. */
const MAX_RETRY_AFTER_SECONDS = 120;

const CONTEXT_WORDS =
  /context[_ ](?:length|window)|maximum context|too many (?:input )?tokens|prompt is too long|exceeds? the (?:model'?s )?context|input is too long/i;
/** What looks like a credential, should a server quote ours back in other words. */
const CREDENTIALS = /\b(?:sk|hf|pk|mlr|key|gsk|xai)[-_][A-Za-z0-9_*-]{8,}|\bBearer\s+\S+/gi;

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

interface VendorError {
  readonly message: string | undefined;
  readonly code: string | undefined;
  readonly param: string | undefined;
}

/** OpenAI's `{error: {message, code, param}}`, and the simpler forms that others send. */
export function readVendorError(body: string): VendorError {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: undefined, code: undefined, param: undefined };
  }
  const outer = asFields(value);
  const error = asFields(outer?.["error"]) ?? outer;
  return {
    message: asText(error?.["message"]) ?? asText(outer?.["error"]) ?? asText(error?.["detail"]),
    code: asText(error?.["code"]) ?? asText(error?.["type"]),
    param: asText(error?.["param"]),
  };
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

const byStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [401, "upstream-unauthorized"],
  [403, "upstream-unauthorized"],
  [408, "upstream-timeout"],
  [429, "upstream-overloaded"],
  [503, "upstream-overloaded"],
  [504, "upstream-timeout"],
  [529, "upstream-overloaded"],
]);
/** Statuses by which a server blames the request itself. */
const CALLERS_FAULT: ReadonlySet<number> = new Set([400, 413, 422]);

function callersFault(vendor: VendorError): ErrorCode {
  if (vendor.code === "context_length_exceeded" || CONTEXT_WORDS.test(vendor.message ?? "")) return "context-too-long";
  return vendor.code === "unsupported_parameter" ? "unsupported-parameter" : "invalid-request";
}

function codeOf(status: number, vendor: VendorError, trustCodes: boolean): ErrorCode {
  const { code } = vendor;
  if (trustCodes && code !== undefined && isErrorCode(code) && errorCatalogue[code].status === status) return code;
  const known = byStatus.get(status);
  if (known !== undefined) return known;
  if (CALLERS_FAULT.has(status)) return callersFault(vendor);
  return status >= 400 && status < 500 ? "upstream-rejected" : "upstream-garbage";
}

/** What an answer outside 2xx means to our caller. The server's words are passed on only where they are about the caller's request. */
export function classifyFailure(failure: UpstreamFailure, context: FailureContext): MillraceError {
  const vendor = readVendorError(failure.body);
  const code = codeOf(failure.status, vendor, context.trustCodes);
  const said = vendor.message === undefined ? undefined : scrub(vendor.message, context.secret);
  const retryAfter = retryAfterSeconds(failure.retryAfter, context.nowMs);
  // Its words about our credentials are for the operator, not for the caller.
  const message =
    said !== undefined && code !== "upstream-unauthorized" ? said : `The model's server answered ${failure.status}.`;
  return new MillraceError(code, {
    message,
    ...(vendor.param === undefined ? {} : { param: scrub(vendor.param, context.secret) }),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  });
}

/** An `{"error": …}` event inside a stream that had begun with 200. */
export function classifyErrorEvent(event: string, context: FailureContext): MillraceError {
  const fields = asFields(asFields(JSON.parse(event))?.["error"]);
  const status =
    typeof fields?.["code"] === "number"
      ? fields["code"]
      : typeof fields?.["status"] === "number"
        ? fields["status"]
        : 500;
  return classifyFailure({ status: status >= 400 ? status : 500, retryAfter: undefined, body: event }, context);
}
