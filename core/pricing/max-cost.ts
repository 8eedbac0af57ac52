import type { Price, Rates } from "../contract/index.ts";
import { ratesFor, type Terms } from "./rates-for.ts";
import { costOf, type CostOptions, modeOf } from "./cost-of.ts";

/** The most that a call can consume; what is absent has no known bound. */
export interface ConsumptionBound {
  readonly inputTokens?: number | undefined;
  /** All answers together (`n` × the most tokens of one). */
  readonly outputTokens?: number | undefined;
  readonly images?: number | undefined;
  readonly audioSeconds?: number | undefined;
  readonly characters?: number | undefined;
}

/**
 * The most that a call within these bounds can cost, in micro-dollars: at the dearest tier that it can reach, with every token at the dearest rate
 * of its side. Undefined where something that the price charges for has no bound, or the mode has no price. For reservations.
 */
export function maxCost(bound: ConsumptionBound, price: Price, options: CostOptions = {}): number | undefined {
  const mode = modeOf(options);
  if (mode === "unknown") return undefined;
  const special = mode === undefined ? undefined : price.modes?.[mode];
  const tiers = (special !== undefined && "rates" in special ? special.tiers : price.tiers) ?? [];
  const reached = tiers.map((tier) => tier.above_input_tokens + 1);
  const sizes = [0, ...reached.filter((size) => bound.inputTokens === undefined || size <= bound.inputTokens)];
  const costs = sizes.map((size) => {
    const terms = ratesFor(price, mode, size);
    return terms === undefined ? undefined : flatCost(bound, price, terms);
  });
  return costs.every((cost) => cost !== undefined) ? Math.max(...costs) : undefined;
}

/** The cost at one tier's terms, which are passed as a mode so that the percent is rounded with the rest. */
function flatCost(bound: ConsumptionBound, price: Price, { rates, percent }: Terms): number | undefined {
  const flat = { ...price, tiers: [], rates: dearest(rates), modes: { batch: { percent } } };
  const { inputTokens, outputTokens, images, audioSeconds, characters } = bound;
  // The bounded counts alone: a part of a whole is covered by the dearest rate of its side.
  return costOf({ inputTokens, outputTokens, images, audioSeconds, characters }, flat, { batch: true });
}

/** The same rates with both sides at their dearest. */
function dearest(rates: Rates): Rates {
  const { input, cached_input, cache_write, cache_write_1h, audio_input, image_input, ...others } = rates;
  const { output, reasoning, audio_output, image_output, ...rest } = others;
  return {
    ...rest,
    ...highest("input", [input, cached_input, cache_write, cache_write_1h, audio_input, image_input]),
    ...highest("output", [output, reasoning, audio_output, image_output]),
  };
}

function highest(side: "input" | "output", candidates: readonly (number | undefined)[]): Rates {
  const known = candidates.filter((rate) => rate !== undefined);
  return known.length === 0 ? {} : { [side]: Math.max(...known) };
}
