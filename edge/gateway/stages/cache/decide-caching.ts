import { MillraceError } from "@millrace/core/contract";

/** The longest that an answer may be kept: thirty days, as the prompt's own setting allows. */
const MAX_TTL_SECONDS = 2_592_000;

export type Caching =
  | { readonly ttlSeconds: number; readonly reason: "header" | "prompt" }
  | { readonly ttlSeconds: undefined; readonly reason: "not-asked" | "no-store" };

/**
 * Whether this exchange reads and fills the cache: `x-millrace-cache: ttl=<seconds>` asks for it, else the prompt version's setting does;
 * `cache-control: no-store` or `no-cache` forbids it.
 * @throws MillraceError `invalid-request` for a header that says something else.
 */
export function decideCaching(headers: Headers, promptTtlSeconds: number | undefined): Caching {
  const control = headers.get("cache-control");
  if (control !== null && /\bno-(?:store|cache)\b/i.test(control)) return { ttlSeconds: undefined, reason: "no-store" };
  const asked = headers.get("x-millrace-cache");
  if (asked !== null) {
    if (/^\s*no-store\s*$/i.test(asked)) return { ttlSeconds: undefined, reason: "no-store" };
    const ttl = Number(/^\s*ttl=(\d{1,8})\s*$/i.exec(asked)?.[1] ?? Number.NaN);
    if (!(ttl >= 1 && ttl <= MAX_TTL_SECONDS)) {
      throw new MillraceError("invalid-request", {
        param: "x-millrace-cache",
        message: `x-millrace-cache: expected \`ttl=<1…${MAX_TTL_SECONDS}>\` or \`no-store\`.`,
      });
    }
    return { ttlSeconds: ttl, reason: "header" };
  }
  if (promptTtlSeconds !== undefined) return { ttlSeconds: promptTtlSeconds, reason: "prompt" };
  return { ttlSeconds: undefined, reason: "not-asked" };
}
