import type { StateBucket } from "./response-store.ts";

/** R2 as the store: strongly consistent, so that a response that a caller heard of is there for the next request, wherever it arrives. */
export function stateBucket(bucket: R2Bucket): StateBucket {
  return {
    async get(key) {
      const found = await bucket.get(key);
      return found === null ? undefined : found.text();
    },
    put: (key, text) => bucket.put(key, text, { httpMetadata: { contentType: "application/json" } }),
    delete: (key) => bucket.delete(key),
  };
}
