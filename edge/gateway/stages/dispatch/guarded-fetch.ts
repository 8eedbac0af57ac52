import { isMillraceError, MillraceError } from "@millrace/core/contract";
import { assertPublicUrl } from "@millrace/core/net";
import { BoundedMap } from "../../memory/bounded-map.ts";

export interface GuardedFetchDeps {
  readonly fetch: typeof fetch;
  readonly allowedPrivateHosts: readonly string[];
  /** Aborted when the caller leaves or a limit expires; its reason is the error to report. */
  readonly signal: AbortSignal;
  /** Told the status of each response. */
  readonly onStatus?: (status: number) => void;
}

/** Addresses of one configuration that one isolate remembers as checked; each is one provider's path. */
const MAX_CHECKED = 512;
const checked = new WeakMap<readonly string[], BoundedMap<string, true>>();

/** The check looks at the text alone, so it says the same of the same address each time. @throws MillraceError `url-not-allowed`. */
function assertAllowed(url: string, allowedPrivateHosts: readonly string[]): void {
  let known = checked.get(allowedPrivateHosts);
  if (known === undefined) checked.set(allowedPrivateHosts, (known = new BoundedMap(MAX_CHECKED)));
  if (known.peek(url) === true) return;
  assertPublicUrl(url, allowedPrivateHosts);
  known.set(url, true);
}

function urlOf(input: RequestInfo | URL): string {
  return typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
}

/**
 * `fetch` as providers get it: only to addresses that are public or allowed by name, checked at call time; redirects are refused, because their
 * destination was never checked; everything is aborted with the exchange.
 */
export function createGuardedFetch(deps: GuardedFetchDeps): typeof fetch {
  return async (input: RequestInfo | URL, init?: RequestInit) => {
    assertAllowed(urlOf(input), deps.allowedPrivateHosts);
    let response: Response;
    try {
      response = await deps.fetch(input, { ...init, redirect: "manual", signal: deps.signal });
    } catch (cause) {
      if (isMillraceError(deps.signal.reason)) throw deps.signal.reason;
      throw new MillraceError("upstream-refused", { cause });
    }
    deps.onStatus?.(response.status);
    if (response.status >= 300 && response.status < 400) {
      response.body?.cancel().catch(() => undefined);
      throw new MillraceError("upstream-rejected", {
        message: `The model's server answered ${response.status}, a redirect, which is not followed.`,
      });
    }
    return response;
  };
}
