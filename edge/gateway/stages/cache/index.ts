import type { JsonObject } from "@millrace/core/contract";
import { canonicalJson } from "@millrace/core/content";
import type { Admission } from "../../exchange/admission.ts";
import type { AnswerSummary } from "../../exchange/answer.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import { digestHex } from "../../crypto/digest-hex.ts";
import { decideCaching } from "./decide-caching.ts";

/** Where whole answers are kept; may forget anything at any time. */
export interface AnswerCache {
  get(key: string): Promise<string | undefined>;
  put(key: string, text: string, ttlSeconds: number): Promise<void>;
}

export interface CacheLookupDeps {
  readonly cache: AnswerCache;
}

/** Stage 6's decision. `off` and `miss` go on to the model; a `hit` is the answer. */
export type CacheDecision =
  | { readonly state: "off"; readonly reason: "not-asked" | "no-store" }
  | {
      readonly state: "miss";
      readonly reason: "absent" | "unreadable";
      readonly key: string;
      readonly ttlSeconds: number;
    }
  | { readonly state: "hit"; readonly reason: "exact"; readonly text: string; readonly body: Readonly<JsonObject> };

/** An answer larger than this costs more to keep than it saves. */
const MAX_CACHED_CHARS = 2 * 1024 * 1024;

/**
 * The exact key: tenant, environment, surface, what was resolved, the canonical request and the target. How the answer travels (`stream`,
 * `stream_options`) is left out, because both ways tell the same answer.
 */
export function cacheKeyText(admission: Admission, resolution: Resolution): string {
  const { stream: _stream, stream_options: _options, ...request } = resolution.fields;
  const { target } = resolution;
  return canonicalJson({
    schema: 1,
    project: admission.principal.projectId,
    environment: admission.principal.environmentId,
    surface: resolution.surface,
    resolved: resolution.prompt?.hash ?? null,
    target: {
      provider: target.provider.name,
      base_url: target.provider.base_url ?? null,
      kind: target.provider.kind,
      model: target.model,
    },
    request,
  });
}

/** Looks an answer up, when the caller or the prompt version asks for it. */
export async function lookUp(
  request: Request,
  exchange: { readonly admission: Admission; readonly resolution: Resolution },
  deps: CacheLookupDeps,
): Promise<CacheDecision> {
  const caching = decideCaching(request.headers, exchange.resolution.cacheTtlSeconds);
  if (caching.ttlSeconds === undefined) return { state: "off", reason: caching.reason };
  const key = await digestHex(cacheKeyText(exchange.admission, exchange.resolution));
  const miss = { state: "miss", key, ttlSeconds: caching.ttlSeconds } as const;
  const text = await deps.cache.get(key).catch(() => undefined);
  if (text === undefined) return { ...miss, reason: "absent" };
  try {
    return { state: "hit", reason: "exact", text, body: JSON.parse(text) as JsonObject };
  } catch {
    return { ...miss, reason: "unreadable" };
  }
}

/** Whether an answer may be served again: whole, ended by the model itself, of a size worth keeping. */
export function isCacheable(summary: AnswerSummary, text: string): boolean {
  const ended = summary.finishReasons.every((reason) => reason === "stop" || reason === "tool_calls");
  return summary.response !== undefined && ended && text.length <= MAX_CACHED_CHARS;
}
