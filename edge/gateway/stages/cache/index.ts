import type { CacheEpochs, JsonObject } from "@millrace/core/contract";
import { canonicalJson } from "@millrace/core/content";
import type { Admission } from "../../exchange/admission.ts";
import type { AnswerSummary } from "../../exchange/answer.ts";
import type { PromptChoice, Resolution } from "../../exchange/resolution.ts";
import { digestHex } from "../../crypto/digest-hex.ts";
export { FLIGHT_LIMIT_MS, Flights, type Leader } from "./flights.ts";
import { decideCaching } from "./decide-caching.ts";

export interface KeptAnswer {
  readonly text: string;
  /** Milliseconds since the epoch; undefined when the store cannot say, which counts as older than any limit. */
  readonly keptAtMs: number | undefined;
  /** Undefined when the store cannot say. */
  readonly expiresAtMs: number | undefined;
}

/** Where whole answers are kept; may forget anything at any time. */
export interface AnswerCache {
  get(key: string): Promise<KeptAnswer | undefined>;
  put(key: string, text: string, ttlSeconds: number): Promise<void>;
}

export interface CacheLookupDeps {
  readonly cache: AnswerCache;
  readonly nowMs: () => number;
}

/** The stage's decision. `off` and `miss` go on to the model; a `hit` is the answer. */
export type CacheDecision =
  | { readonly state: "off"; readonly reason: "not-asked" | "no-store" }
  | {
      readonly state: "miss";
      readonly reason: "absent" | "unreadable" | "too-old" | "refresh";
      readonly key: string;
      readonly ttlSeconds: number;
    }
  | {
      readonly state: "hit";
      readonly reason: "exact" | "collapsed";
      readonly text: string;
      readonly body: Readonly<JsonObject>;
      readonly ageSeconds: number | undefined;
    };

/** An answer larger than this costs more to keep than it saves. */
const MAX_CACHED_CHARS = 2 * 1024 * 1024;

/** Names are the callers' own: `constructor` is one as well. */
function epochOf(epochs: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(epochs, name) ? (epochs[name] ?? 0) : 0;
}

/** What of the purges concerns this exchange. */
function epochsOf(epochs: CacheEpochs, prompt: PromptChoice | undefined, tags: readonly string[]): JsonObject {
  return {
    environment: epochs.environment,
    prompt: prompt === undefined ? 0 : epochOf(epochs.prompts, prompt.name),
    version: prompt === undefined ? 0 : epochOf(epochs.versions, prompt.hash),
    tags: tags.map((tag) => [tag, epochOf(epochs.tags, tag)]),
  };
}

/** The branch that each condition of the route chose. */
function branchesOf({ plan }: Resolution): [path: string, branch: number][] {
  return plan.decisions.flatMap(({ kind, path, order: [chosen] }): [string, number][] =>
    kind === "conditional" && chosen !== undefined ? [[path, chosen]] : [],
  );
}

interface Keyed {
  readonly admission: Admission;
  readonly resolution: Resolution;
  readonly tags: readonly string[];
}

/**
 * The exact key: tenant, environment, surface, what was resolved, the canonical request and the model with its route, with the purges that concern them. Where
 * conditions sent the request is part of it, because they look at more than the request (a header, the key, the hour) and may stand for who is allowed what;
 * where weights and times sent it is not. How the answer travels (`stream`, `stream_options`) is left out, because both ways tell the same answer.
 */
export function cacheKeyText({ admission, resolution, tags }: Keyed): string {
  const { stream: _stream, stream_options: _options, ...request } = resolution.fields;
  const { prompt, nativeHash } = resolution;
  return canonicalJson({
    schema: 3,
    project: admission.principal.projectId,
    environment: admission.principal.environmentId,
    surface: resolution.surface,
    resolved: prompt?.hash ?? null,
    epochs: epochsOf(admission.config.bundle.cache_epochs, prompt, tags),
    model: resolution.model,
    route: resolution.routeHash,
    branches: branchesOf(resolution),
    request,
    ...(nativeHash === undefined ? {} : { native: nativeHash }),
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
  const key = await digestHex(cacheKeyText({ ...exchange, tags: caching.tags }));
  const miss = { state: "miss", key, ttlSeconds: caching.ttlSeconds } as const;
  if (caching.maxAgeSeconds === 0) return { ...miss, reason: "refresh" };
  const kept = await deps.cache.get(key).catch(() => undefined);
  if (kept === undefined) return { ...miss, reason: "absent" };
  const ageSeconds =
    kept.keptAtMs === undefined ? undefined : Math.max(0, Math.floor((deps.nowMs() - kept.keptAtMs) / 1000));
  // Whoever kept it may have meant it for longer than this caller takes it.
  if ((ageSeconds ?? Infinity) > Math.min(caching.ttlSeconds, caching.maxAgeSeconds ?? Infinity))
    return { ...miss, reason: "too-old" };
  try {
    return { state: "hit", reason: "exact", text: kept.text, body: JSON.parse(kept.text) as JsonObject, ageSeconds };
  } catch {
    return { ...miss, reason: "unreadable" };
  }
}

/** Whether an answer may be served again: whole, each choice of it ended by the model itself, of a size worth keeping. */
export function isCacheable({ response, finishReasons }: AnswerSummary, text: string): boolean {
  if (response === undefined || text.length > MAX_CACHED_CHARS) return false;
  const { choices } = response;
  const expected = Array.isArray(choices) ? choices.length : 0;
  return (
    finishReasons.length === expected && finishReasons.every((reason) => reason === "stop" || reason === "tool_calls")
  );
}
