import type { Price, PriceMode, Rates, Usage } from "../contract/index.ts";
import { ratesFor } from "./rates-for.ts";

/** Counts of one call; what is absent is unknown. A `Usage` is one. */
export type Consumption = { readonly [K in Exclude<keyof Usage, "source" | "estimatedBy">]?: Usage[K] };

export interface CostOptions {
  /** The provider's own batch API served the call. */
  readonly batch?: boolean | undefined;
  /** The `service_tier` that was asked for, where the usage does not say which one it was. */
  readonly serviceTier?: string | undefined;
}

/** One dimension of a call: how much of it there was, at what rate. */
interface Part {
  readonly count: number;
  readonly rate: number | undefined;
}

/** Rates count by the million; fractions of a second by the thousandth, percents by the hundredth. */
const UNITS_PER_RATE = 1_000_000n;
const COUNT_SCALE = 1000;
const PERCENT_SCALE = 100n;

/**
 * What a call costs in whole micro-dollars: exact, rounded once, half up. Undefined when it cannot be known: a dimension that was used has no rate,
 * a rate has a count that is unknown, parts exceed their whole, or the way in which the call was served has no price. Never 0 for unknown.
 */
export function costOf(usage: Consumption, price: Price, options: CostOptions = {}): number | undefined {
  const mode = modeOf({ ...options, serviceTier: usage.serviceTier ?? options.serviceTier });
  if (mode === "unknown") return undefined;
  const terms = ratesFor(price, mode, usage.inputTokens ?? 0);
  if (terms === undefined || (usage.inputTokens === undefined && dependsOnInput(price, mode))) return undefined;
  const parts = partsOf(usage, terms.rates);
  if (parts === undefined) return undefined;
  const total = exactSum(parts);
  if (total === undefined) return undefined;
  const divisor = UNITS_PER_RATE * BigInt(COUNT_SCALE) * PERCENT_SCALE;
  return Number((total * BigInt(terms.percent) + divisor / 2n) / divisor);
}

/** With tiers no rate is certain before the input is counted. */
function dependsOnInput(price: Price, mode: PriceMode | undefined): boolean {
  const special = mode === undefined ? undefined : price.modes?.[mode];
  return ((special !== undefined && "rates" in special ? special.tiers : price.tiers) ?? []).length > 0;
}

/** The mode of the price that a call was served in; undefined is the ordinary one. */
export function modeOf({ batch, serviceTier }: CostOptions): PriceMode | undefined | "unknown" {
  if (batch === true) return "batch";
  switch (serviceTier) {
    case undefined:
    case "default":
    case "standard":
    case "auto":
    // Groq's name for it.
    case "on_demand":
      return undefined;
    case "batch":
    case "flex":
    case "priority":
      return serviceTier;
    default:
      return "unknown";
  }
}

/** Every dimension of the call with its rate; undefined where a count is missing or parts exceed their whole. */
function partsOf(usage: Consumption, rates: Rates): readonly Part[] | undefined {
  const input = inputParts(usage, rates);
  const output = outputParts(usage, rates);
  const rest = [
    counted(usage.images, rates.images),
    counted(usage.audioSeconds, rates.audio_seconds),
    counted(usage.characters, rates.characters),
  ];
  if (input === undefined || output === undefined || rest.includes(undefined)) return undefined;
  return [...input, ...output, ...rest.filter((part) => part !== undefined), { count: 1, rate: rates.requests ?? 0 }];
}

/** A count that is unknown costs nothing only where its rate is nothing. */
function counted(count: number | undefined, rate: number | undefined): Part | undefined {
  if (count !== undefined) return { count, rate };
  return (rate ?? 0) === 0 ? { count: 0, rate } : undefined;
}

function inputParts(usage: Consumption, rates: Rates): readonly Part[] | undefined {
  const whole = counted(usage.inputTokens, rates.input);
  if (whole === undefined) return undefined;
  const cached = usage.cachedInputTokens ?? 0;
  const hourWrites = usage.cacheWrite1hTokens ?? 0;
  const writes = (usage.cacheWriteTokens ?? hourWrites) - hourWrites;
  const fresh = whole.count - cached - writes - hourWrites;
  if (writes < 0 || fresh < 0) return undefined;
  // A cached audio or image token is counted twice by those who report both; it was read from the cache and costs what such reads cost.
  const audio = Math.min(usage.audioInputTokens ?? 0, fresh);
  const images = Math.min(usage.imageInputTokens ?? 0, fresh - audio);
  return [
    { count: fresh - audio - images, rate: rates.input },
    { count: cached, rate: rates.cached_input ?? rates.input },
    { count: writes, rate: rates.cache_write },
    { count: hourWrites, rate: rates.cache_write_1h },
    { count: audio, rate: rates.audio_input },
    { count: images, rate: rates.image_input ?? rates.input },
  ];
}

function outputParts(usage: Consumption, rates: Rates): readonly Part[] | undefined {
  const whole = counted(usage.outputTokens, rates.output);
  if (whole === undefined) return undefined;
  const reasoning = usage.reasoningTokens ?? 0;
  const audio = usage.audioOutputTokens ?? 0;
  const images = usage.imageOutputTokens ?? 0;
  const plain = whole.count - reasoning - audio - images;
  if (plain < 0) return undefined;
  return [
    { count: plain, rate: rates.output },
    { count: reasoning, rate: rates.reasoning ?? rates.output },
    { count: audio, rate: rates.audio_output },
    { count: images, rate: rates.image_output },
  ];
}

/** Σ count × rate, in thousandths of a millionth of a micro-dollar. */
function exactSum(parts: readonly Part[]): bigint | undefined {
  let total = 0n;
  for (const { count, rate } of parts) {
    if (count === 0) continue;
    if (rate === undefined) return undefined;
    total += BigInt(Math.round(count * COUNT_SCALE)) * BigInt(rate);
  }
  return total;
}
