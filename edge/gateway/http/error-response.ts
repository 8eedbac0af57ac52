import { type MillraceError, renderOpenAiError, renderProblem } from "@millrace/core/contract";

/** Which envelope a caller of this path expects: OpenAI's below `/v1`, problem+json everywhere else. */
export function dialectOf(path: string): "openai" | "problem" {
  return path === "/v1" || path.startsWith("/v1/") ? "openai" : "problem";
}

export interface ErrorContext {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly traceId?: string;
}

/** The one place where an error becomes a response. */
export function errorResponse(error: MillraceError, context: ErrorContext): Response {
  const openai = dialectOf(context.path) === "openai";
  const headers = new Headers(context.headers);
  headers.set("content-type", openai ? "application/json" : "application/problem+json");
  if (error.retryAfterSeconds !== undefined) headers.set("retry-after", String(error.retryAfterSeconds));
  if (error.status === 401) headers.set("www-authenticate", 'Bearer realm="millrace"');
  const body = openai ? renderOpenAiError(error) : renderProblem(error, context.traceId);
  return new Response(JSON.stringify(body), { status: error.status, headers });
}
