import { renderAnthropicError } from "../dialects/messages/errors.ts";
import { type MillraceError, renderOpenAiError, renderProblem } from "@millrace/core/contract";

/** Whether a client of Anthropic asks, on a path that both kinds of clients know: they say so with each request. */
export function isAnthropicClient(headers: Headers): boolean {
  return headers.has("anthropic-version");
}

const isAtOrBelow = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

/**
 * Which envelope a caller of this path expects: Anthropic's at its own routes and where its clients list models, OpenAI's below `/v1`, problem+json
 * everywhere else.
 */
function envelopeOf({ path, asked }: ErrorContext): "anthropic" | "openai" | "problem" {
  if (isAtOrBelow(path, "/v1/messages")) return "anthropic";
  if (isAtOrBelow(path, "/v1/models") && isAnthropicClient(asked)) return "anthropic";
  return isAtOrBelow(path, "/v1") ? "openai" : "problem";
}

export interface ErrorContext {
  readonly path: string;
  /** Of the request. */
  readonly asked: Headers;
  /** Of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly traceId?: string;
}

function bodyOf(error: MillraceError, context: ErrorContext): object {
  switch (envelopeOf(context)) {
    case "anthropic":
      return renderAnthropicError(error, context.traceId);
    case "openai":
      return renderOpenAiError(error);
    case "problem":
      return renderProblem(error, context.traceId);
  }
}

/** The clients of OpenAI and Anthropic take no longer wait from `retry-after`: behind it they ask again after half a second. */
const MAX_CLIENT_WAIT_SECONDS = 60;

/** Whether a client that asks again by itself (as those SDKs do after every 409, 429 and 5xx) would only ask in vain. */
function isInVain(error: MillraceError): boolean {
  if (!error.retryable) return true;
  // A limit that no wait makes room in.
  if (error.retryAfterSeconds === undefined) return error.code === "rate-limited";
  return error.retryAfterSeconds > MAX_CLIENT_WAIT_SECONDS;
}

/** The one place where an error becomes a response. */
export function errorResponse(error: MillraceError, context: ErrorContext): Response {
  const headers = new Headers(context.headers);
  headers.set("content-type", envelopeOf(context) === "problem" ? "application/problem+json" : "application/json");
  if (error.retryAfterSeconds !== undefined) headers.set("retry-after", String(error.retryAfterSeconds));
  if (isInVain(error)) headers.set("x-should-retry", "false");
  if (error.status === 401) headers.set("www-authenticate", 'Bearer realm="millrace"');
  return new Response(JSON.stringify(bodyOf(error, context)), { status: error.status, headers });
}
