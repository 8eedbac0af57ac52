/** What browsers may read of an answer. */
const EXPOSED =
  "x-millrace-trace, x-millrace-resolved, x-millrace-tier, x-millrace-prompt, x-millrace-cache, x-millrace-cost-usd-micros, x-millrace-config, request-id, x-request-id, x-millrace-token-count, server-timing, retry-after";
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
      "access-control-allow-headers":
        "authorization, content-type, x-api-key, anthropic-version, anthropic-beta, x-millrace-cache",
      "access-control-max-age": PREFLIGHT_SECONDS,
    },
  });
}
