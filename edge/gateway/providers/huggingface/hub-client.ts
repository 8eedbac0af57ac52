import type * as HuggingFace from "@huggingface/inference";
import { MillraceError } from "@millrace/core/contract";
import type { Target } from "../../exchange/target.ts";
import type { CallDeps } from "../provider.ts";

type Library = typeof HuggingFace;
let loaded: Promise<Library> | undefined;

/** The library, evaluated when the first call needs it: most isolates never do, and start-up time is bounded. Its log would repeat what callers say. */
export function loadLibrary(): Promise<Library> {
  loaded ??= import("@huggingface/inference").then((library) => {
    const silent = (): void => undefined;
    library.setLogger({ debug: silent, info: silent, warn: silent, error: silent, log: silent });
    return library;
  });
  return loaded;
}

export interface HubAccess {
  readonly accessToken?: string;
  readonly endpointUrl?: string;
  readonly provider?: HuggingFace.InferenceProviderOrPolicy;
}

/**
 * Where a target is and how it is paid for: an Inference Endpoint by URL, or one of Hugging Face's inference providers by name.
 * @throws MillraceError `upstream-rejected` for a provider that the library does not know.
 */
export function accessOf(target: Target, deps: CallDeps, library: Library): HubAccess {
  const token = deps.secret === undefined ? {} : { accessToken: deps.secret };
  const { base_url: endpointUrl, inference_provider: wanted } = target.provider;
  if (endpointUrl !== undefined) return { ...token, endpointUrl };
  const provider = library.PROVIDERS_OR_POLICIES.find((name) => name === (wanted ?? "auto"));
  if (provider === undefined) {
    throw new MillraceError("upstream-rejected", {
      message: `Hugging Face has no inference provider ${wanted ?? ""}.`,
    });
  }
  return { ...token, provider };
}

/** Remembers what the library forgets of a failed response. */
export interface Observed {
  retryAfter: string | undefined;
}

/** Options of every call: our bounded `fetch`, and no retry inside the library, which would multiply ours. */
export function optionsOf(deps: CallDeps, observed: Observed): HuggingFace.Options {
  return {
    retry_on_error: false,
    fetch: async (input, init) => {
      const response = await deps.fetch(input, init);
      observed.retryAfter = response.headers.get("retry-after") ?? undefined;
      return response;
    },
  };
}
