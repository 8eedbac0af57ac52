import type { AnswerCache } from "./index.ts";

/** One name, so that answers never meet what a fetch put into the default cache. */
const CACHE_NAME = "millrace-answers-1";

/** When the answer was kept, in milliseconds since the epoch. */
const KEPT_AT = "x-millrace-kept-at";

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
      const keptAt = found.headers.get(KEPT_AT);
      return { text: await found.text(), keptAtMs: keptAt === null ? undefined : Number(keptAt) };
    },
    async put(key, text, ttlSeconds) {
      const cache = await open();
      const headers = {
        "content-type": "application/json",
        "cache-control": `public, max-age=${ttlSeconds}`,
        [KEPT_AT]: String(Math.round(nowMs())),
      };
      await cache.put(address(key), new Response(text, { headers }));
    },
  };
}
