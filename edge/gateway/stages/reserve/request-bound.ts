import { type Bundle, isMediaSurface, MillraceError } from "@millrace/core/contract";
import {
  type LedgerEntry,
  mediaAllowance,
  mediaBound,
  type PartlyKnownAmounts,
  tokenBound,
  type TokenBound,
} from "@millrace/core/ledger";
import { findPrice, maxCost } from "@millrace/core/pricing";
import type { Resolution } from "../../exchange/resolution.ts";
import type { PlannedTarget } from "../../exchange/target.ts";
import { mediaCost } from "./media-cost.ts";
import { ownWordsBound } from "./own-words-bound.ts";

export interface BoundInput {
  readonly resolution: Resolution;
  /** UTF-8 bytes of the request as the caller sent it, in the pipeline's words. */
  readonly bodyBytes: number;
  readonly bundle: Pick<Bundle, "prices">;
  readonly entries: readonly LedgerEntry[];
  readonly nowMs: number;
}

const encoder = new TextEncoder();
const asCount = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** Servers differ in which of the limits they know, so the largest one holds; undefined where none is set. */
function largestLimit(fields: Resolution["fields"], ownWords: number | undefined): number | undefined {
  const set = [asCount(fields["max_completion_tokens"]), asCount(fields["max_tokens"]), ownWords];
  const known = set.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** What the caller sent bounds its input where it is sent on as it came, else the request as the model gets it; where it may be either, the longer one. */
function inputBytesOf({ resolution, bodyBytes }: BoundInput): number {
  if (resolution.rendered === undefined) return bodyBytes;
  const told = encoder.encode(JSON.stringify(resolution.fields)).length;
  return resolution.nativeHash === undefined ? told : Math.max(told, bodyBytes);
}

function boundAt(target: PlannedTarget, { resolution }: BoundInput, inputBytes: number): TokenBound | undefined {
  const { fields, surface, choices } = resolution;
  if (isMediaSurface(surface)) {
    const media = mediaBound(surface, fields, choices);
    const most = target.contextTokens ?? Number.POSITIVE_INFINITY;
    return {
      inputTokens: Math.min(media.inputTokens, most),
      outputTokens: Math.min(media.outputTokens, most * Math.max(1, choices)),
    };
  }
  const own = ownWordsBound(fields);
  const bringsInput = own.bringsInput || resolution.exceedsFields === true;
  return tokenBound({
    inputBytes,
    allowance: bringsInput ? Number.POSITIVE_INFINITY : mediaAllowance(fields),
    maxOutputTokens: largestLimit(fields, own.outputTokens),
    choices: Math.max(choices, asCount(fields["best_of"]) ?? 1, own.choices ?? 1),
    contextTokens: target.contextTokens,
    generates: surface !== "embeddings" && surface !== "moderations",
  });
}

function costAt(
  target: PlannedTarget,
  bound: TokenBound,
  { bundle, resolution, nowMs }: BoundInput,
): number | undefined {
  const { kind, name } = target.provider;
  const price = findPrice(bundle.prices, { kind, provider: name, model: target.model, atMs: nowMs });
  const tier = resolution.fields["service_tier"];
  const { surface, fields, choices } = resolution;
  if (isMediaSurface(surface)) return price && mediaCost({ surface, fields, choices }, bound, price);
  return price && maxCost(bound, price, { serviceTier: typeof tier === "string" ? tier : undefined });
}

/**
 * The most that one call can take, at whichever target of the plan it takes the most. null = unknown, where nothing that blocks asks for it.
 * @throws MillraceError `unbounded-request`, `unknown-price` where something that blocks does.
 */
export function requestBound(input: BoundInput): PartlyKnownAmounts {
  const { resolution, entries } = input;
  const blocks = (metric: "tokens" | "usd_micros"): boolean =>
    entries.some((entry) => entry.blocking && entry.limit[metric] !== undefined);
  const inputBytes = inputBytesOf(input);
  let tokens: number | null = 0;
  let micros: number | null = 0;
  for (const target of resolution.candidates) {
    const bound = boundAt(target, input, inputBytes);
    if (bound === undefined && (blocks("tokens") || blocks("usd_micros"))) throw unbounded(target);
    const cost = bound && costAt(target, bound, input);
    if (cost === undefined && blocks("usd_micros")) throw unpriced(target);
    tokens = bound === undefined || tokens === null ? null : Math.max(tokens, bound.inputTokens + bound.outputTokens);
    micros = cost === undefined || micros === null ? null : Math.max(micros, cost);
  }
  return { requests: 1, tokens, usd_micros: micros };
}

function unbounded({ provider, model }: PlannedTarget): MillraceError {
  return new MillraceError("unbounded-request", {
    param: "max_completion_tokens",
    message: `A budget applies, and neither the request nor ${provider.name}/${model} bounds the answer: set \`max_completion_tokens\`, or the model's \`context_tokens\`.`,
  });
}

function unpriced({ provider, model }: PlannedTarget): MillraceError {
  return new MillraceError("unknown-price", {
    message: `A money budget applies, and the price of ${provider.name}/${model} is not known.`,
  });
}
