import type { Price, PriceMode, Rates } from "../contract/index.ts";

/** Rates that a call is billed by, and the share of it that is charged. */
export interface Terms {
  readonly rates: Rates;
  readonly percent: number;
}

type Rated = Pick<Price, "rates" | "tiers">;

/** The rates at this many input tokens. The dearer tier holds for the whole call, as every provider with tiers bills it. */
function tierRates({ rates, tiers }: Rated, inputTokens: number): Rates {
  return (tiers ?? [])
    .filter((tier) => inputTokens > tier.above_input_tokens)
    .reduce<Rates>((below, tier) => ({ ...below, ...tier.rates }), rates);
}

/** How a call of this size is billed; undefined when the price knows nothing of this mode. */
export function ratesFor(price: Price, mode: PriceMode | undefined, inputTokens: number): Terms | undefined {
  if (mode === undefined) return { rates: tierRates(price, inputTokens), percent: 100 };
  const special = price.modes?.[mode];
  if (special === undefined) return undefined;
  if ("percent" in special) return { rates: tierRates(price, inputTokens), percent: special.percent };
  return { rates: tierRates(special, inputTokens), percent: 100 };
}
