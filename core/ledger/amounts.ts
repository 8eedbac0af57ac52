/** What a limit can be on. */
export const metrics = ["requests", "tokens", "usd_micros"] as const;
export type Metric = (typeof metrics)[number];

/** Integer amounts of one exchange or account. */
export type Amounts = Readonly<Record<Metric, number>>;

/** Amounts of one exchange, of which some may be unknown; unknown is null, never 0. */
export type PartlyKnownAmounts = Readonly<Record<Metric, number | null>>;

export const NO_AMOUNTS: Amounts = { requests: 0, tokens: 0, usd_micros: 0 };

/** The same for each metric. */
export function eachMetric<T>(of: (metric: Metric) => T): Readonly<Record<Metric, T>> {
  return { requests: of("requests"), tokens: of("tokens"), usd_micros: of("usd_micros") };
}

/** What comes of something unknown is unknown. */
function combined(
  a: PartlyKnownAmounts,
  b: PartlyKnownAmounts,
  of: (a: number, b: number) => number,
): PartlyKnownAmounts {
  return eachMetric((metric) => {
    const [left, right] = [a[metric], b[metric]];
    return left === null || right === null ? null : of(left, right);
  });
}

export function addAmounts(a: PartlyKnownAmounts, b: PartlyKnownAmounts): PartlyKnownAmounts {
  return combined(a, b, (left, right) => left + right);
}

export function subtractAmounts(a: PartlyKnownAmounts, b: PartlyKnownAmounts): PartlyKnownAmounts {
  return combined(a, b, (left, right) => left - right);
}

/** The lesser of both, metric by metric. */
export function leastAmounts(a: PartlyKnownAmounts, b: PartlyKnownAmounts): PartlyKnownAmounts {
  return combined(a, b, (left, right) => Math.min(left, right));
}

/** What of `amounts` is beyond `there`. */
export function missingAmounts(amounts: PartlyKnownAmounts, there: PartlyKnownAmounts): PartlyKnownAmounts {
  return combined(amounts, there, (amount, have) => Math.max(0, amount - have));
}

/** @param times an integer; what is unknown stays so. */
export function timesAmounts(of: PartlyKnownAmounts, times: number): PartlyKnownAmounts {
  return combined(of, of, (amount) => (amount === 0 ? 0 : amount * times));
}

/** Nothing that is known. */
export function isNothing(amounts: PartlyKnownAmounts): boolean {
  return metrics.every((metric) => (amounts[metric] ?? 0) === 0);
}
