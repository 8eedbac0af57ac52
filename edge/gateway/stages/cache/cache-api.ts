import type { AnswerCache } from "./index.ts";

/** One name, so that answers never meet what a fetch put into the default cache. */
const CACHE_NAME = "millrace-answers-1";

/** When the answer was kept, in milliseconds since the epoch. */
const KEPT_AT = "x-millrace-kept-at";
/** Until when, likewise. */
const EXPIRES_AT = "x-millrace-expires-at";

function numberOf(header: string | null): number | undefined {
  return header === null ? undefined : Number(header);
}

function address(key: string): string {
  return `https://answers.millrace.internal/${key}`;
}

/** The platform's cache as the store: near, per data centre, forgetful. The key is a hash that already holds the tenant. */
export function createCacheApi(
  nowMs: () => number,
  open: () => Promise<Cache> = () => caches.open(CACHE_NAME),
): AnswerCache {
  return {
    async get(key) {
      const cache = await open();
      const found = await cache.match(address(key));
      if (found === undefined) return undefined;
      const [keptAtMs, expiresAtMs] = [KEPT_AT, EXPIRES_AT].map((name) => numberOf(found.headers.get(name)));
      return { text: await found.text(), keptAtMs, expiresAtMs };
    },
    async put(key, text, ttlSeconds) {
      const cache = await open();
      const headers = {
        "content-type": "application/json",
        "cache-control": `public, max-age=${ttlSeconds}`,
        [KEPT_AT]: String(Math.round(nowMs())),
        [EXPIRES_AT]: String(Math.round(nowMs()) + ttlSeconds * 1000),
      };
      await cache.put(address(key), new Response(text, { headers }));
    },
  };
}
