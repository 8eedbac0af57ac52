import type { Provider } from "@millrace/core/contract";
import type { BatchApi, BatchLink } from "../../providers/batch-api.ts";
import { classifyFailure } from "../../providers/openai-wire/classify-failure.ts";
import { retryAfterOf } from "../../providers/openai-wire/retry-after-of.ts";
import { createGuardedFetch } from "../../stages/dispatch/guarded-fetch.ts";

/** A question about a batch. Milliseconds. */
const ASK_LIMIT_MS = 30_000;
/** A whole file of requests or answers. */
const TRANSFER_LIMIT_MS = 600_000;

export interface BatchLinkDeps {
  readonly fetch: typeof fetch;
  readonly allowedPrivateHosts: readonly string[];
  readonly nowMs: () => number;
}

/** The guarded way to one provider's batch API. */
export function createBatchLink(
  of: { readonly api: BatchApi; readonly provider: Provider; readonly secret: string | undefined },
  deps: BatchLinkDeps,
): BatchLink {
  const { api, provider, secret } = of;
  return {
    provider,
    secret,
    nowMs: deps.nowMs,
    async send(url, init, isTransfer = false) {
      const signal = AbortSignal.timeout(isTransfer ? TRANSFER_LIMIT_MS : ASK_LIMIT_MS);
      const headers = {
        ...(init?.headers as Record<string, string> | undefined),
        ...api.headers({ provider, secret }),
      };
      const response = await createGuardedFetch({ ...deps, signal })(url, { ...init, headers });
      if (response.ok) return response;
      const failure = {
        status: response.status,
        retryAfter: retryAfterOf(response.headers),
        body: await response.text(),
      };
      throw classifyFailure(failure, { secret, trustCodes: false, nowMs: deps.nowMs() });
    },
  };
}
