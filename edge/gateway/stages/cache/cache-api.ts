import type { AnswerCache } from "./index.ts";

/** One name, so that answers never meet what a fetch put into the default cache. */
const CACHE_NAME = "millrace-answers-1";

function address(key: string): string {
  return `https://answers.millrace.internal/${key}`;
}

/** The platform's cache as the store: near, per data centre, forgetful. The key is a hash that already holds the tenant. */
export function createCacheApi(open: () => Promise<Cache> = () => caches.open(CACHE_NAME)): AnswerCache {
  return {
    async get(key) {
      const cache = await open();
      const found = await cache.match(address(key));
      return found === undefined ? undefined : found.text();
    },
    async put(key, text, ttlSeconds) {
      const cache = await open();
      const headers = { "content-type": "application/json", "cache-control": `public, max-age=${ttlSeconds}` };
      await cache.put(address(key), new Response(text, { headers }));
    },
  };
}
