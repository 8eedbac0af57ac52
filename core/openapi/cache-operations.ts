import { purgeCacheSchema, purgedCacheSchema } from "../contract/index.ts";
import type { ApiOperation } from "./operation.ts";

/** The cache of answers. */
export const cacheOperations: readonly ApiOperation[] = [
  {
    id: "purgeCache",
    tag: "Cache",
    method: "post",
    path: "/api/v1/cache/purge",
    summary: "Forget answers",
    description:
      "Answers of the environment that were kept before are not served again: anywhere within 5 seconds of the answer to this call. Tags are those of `x-millrace-cache-tags`.",
    permission: "cache:write",
    request: { schema: purgeCacheSchema, example: { prompt: "support-reply" } },
    responses: [{ status: 200, description: "What was purged.", body: { schema: purgedCacheSchema } }],
    errors: ["unknown-prompt", "unknown-version"],
  },
];
