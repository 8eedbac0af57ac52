const OURS = "trace resolved tier prompt provider model attempts cache cost-usd-micros config token-count".split(" ");
const LIMITED = ["requests", "tokens", "usd-micros"];

/** What browsers may read of an answer. */
const EXPOSED = [
  ...OURS.map((name) => `x-millrace-${name}`),
  ...["limit", "remaining", "reset"].flatMap((name) => LIMITED.map((metric) => `x-ratelimit-${name}-${metric}`)),
  "retry-after",
  "x-should-retry",
  "request-id",
  "x-request-id",
  "server-timing",
].join(", ");

/** What the clients of OpenAI and Anthropic tell about themselves with every request. */
const STAINLESS =
  "arch lang os package-version runtime runtime-version retry-count timeout helper helper-method poll-helper custom-poll-interval".split(
    " ",
  );

/**
 * What browsers may send. `*` allows what later clients add, and the headers that a route's conditions look at; it never stands for `authorization`, and old
 * browsers do not know it.
 */
const ALLOWED = [
  "authorization",
  "content-type",
  "cache-control",
  "idempotency-key",
  "traceparent",
  "tracestate",
  "x-api-key",
  "anthropic-version",
  "anthropic-beta",
  "anthropic-dangerous-direct-browser-access",
  "openai-organization",
  "openai-project",
  "openai-beta",
  "x-millrace-cache",
  "x-millrace-cache-tags",
  ...STAINLESS.map((name) => `x-stainless-${name}`),
  "*",
].join(", ");
const PREFLIGHT_SECONDS = "600";

/** CORS headers for an origin that the operator listed in ALLOWED_ORIGINS; none for any other, which is the default. */
export function corsHeaders(origin: string | null, allowedOrigins: readonly string[]): Record<string, string> {
  if (origin === null || !allowedOrigins.includes(origin)) return {};
  return {
    "access-control-allow-origin": origin,
    vary: "origin",
    "access-control-expose-headers": EXPOSED,
    // For the browser's own view of server-timing: https://www.w3.org/TR/resource-timing/#sec-timing-allow-origin
    "timing-allow-origin": origin,
  };
}

/** The answer to a preflight: what a browser may send, or nothing at all. */
export function preflightResponse(origin: string | null, allowedOrigins: readonly string[]): Response {
  const headers = corsHeaders(origin, allowedOrigins);
  if (headers["access-control-allow-origin"] === undefined) return new Response(null, { status: 204 });
  return new Response(null, {
    status: 204,
    headers: {
      ...headers,
      "access-control-allow-methods": "GET, POST, PUT, DELETE",
      "access-control-allow-headers": ALLOWED,
      "access-control-max-age": PREFLIGHT_SECONDS,
    },
  });
}
