import { cacheTagSchema, MAX_CACHE_TAGS, MAX_CACHE_TTL_SECONDS, MillraceError } from "@millrace/core/contract";

export type Caching =
  | {
      readonly ttlSeconds: number;
      readonly reason: "header" | "prompt";
      /** An answer older than this is not served: `cache-control: max-age`. 0 asks the model and keeps its answer. */
      readonly maxAgeSeconds: number | undefined;
      /** Sorted, each once. */
      readonly tags: readonly string[];
    }
  | { readonly ttlSeconds: undefined; readonly reason: "not-asked" | "no-store" };

function invalidHeader(name: string, expected: string): MillraceError {
  return new MillraceError("invalid-request", { param: name, message: `${name}: expected ${expected}.` });
}

/** The lifetime that `x-millrace-cache` asks for; undefined when it says nothing. */
function askedTtl(headers: Headers): number | "no-store" | undefined {
  const asked = headers.get("x-millrace-cache");
  if (asked === null) return undefined;
  if (/^\s*no-store\s*$/i.test(asked)) return "no-store";
  const ttl = Number(/^\s*ttl=(\d{1,8})\s*$/i.exec(asked)?.[1] ?? Number.NaN);
  if (ttl >= 1 && ttl <= MAX_CACHE_TTL_SECONDS) return ttl;
  throw invalidHeader("x-millrace-cache", `\`ttl=<1…${MAX_CACHE_TTL_SECONDS}>\` or \`no-store\``);
}

function tagsOf(headers: Headers): readonly string[] {
  const listed = headers.get("x-millrace-cache-tags");
  if (listed === null) return [];
  const tags = [...new Set(listed.split(",").map((tag) => tag.trim()))].toSorted();
  if (tags.length <= MAX_CACHE_TAGS && tags.every((tag) => cacheTagSchema.safeParse(tag).success)) return tags;
  throw invalidHeader("x-millrace-cache-tags", `at most ${MAX_CACHE_TAGS} tags, separated by commas`);
}

function maxAge(control: string): number | undefined {
  if (/\bno-cache\b/i.test(control)) return 0;
  const seconds = /\bmax-age=(\d{1,9})\b/i.exec(control)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/**
 * Whether this exchange reads and fills the cache: `x-millrace-cache: ttl=<seconds>` asks for it, else the prompt version's setting does.
 * `cache-control` speaks as in RFC 9111, section 5.2.1: `no-store` neither reads nor keeps, `no-cache` asks the model again and keeps its answer,
 * `max-age=<seconds>` refuses what is older.
 * @throws MillraceError `invalid-request` for a header of ours that says something else.
 */
export function decideCaching(headers: Headers, promptTtlSeconds: number | undefined): Caching {
  const control = headers.get("cache-control") ?? "";
  const asked = askedTtl(headers);
  if (asked === "no-store" || /\bno-store\b/i.test(control)) return { ttlSeconds: undefined, reason: "no-store" };
  const ttlSeconds = asked ?? promptTtlSeconds;
  if (ttlSeconds === undefined) return { ttlSeconds: undefined, reason: "not-asked" };
  return {
    ttlSeconds,
    reason: asked === undefined ? "prompt" : "header",
    maxAgeSeconds: maxAge(control),
    tags: tagsOf(headers),
  };
}
