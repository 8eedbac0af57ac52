/** What a limit can be on. */
export const metrics = ["requests", "tokens", "usd_micros"] as const;
export type Metric = (typeof metrics)[number];

/** Integer amounts of one exchange or account. */
export type Amounts = Readonly<Record<Metric, number>>;

/** Amounts of one exchange, of which some may be unknown; unknown is null, never 0. */
export type PartlyKnownAmounts = Readonly<Record<Metric, number | null>>;

export const NO_AMOUNTS: Amounts = { requests: 0, tokens: 0, usd_micros: 0 };
