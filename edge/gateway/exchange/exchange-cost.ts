import type { Bundle, Usage } from "@millrace/core/contract";
import { costOf, findPrice } from "@millrace/core/pricing";
import type { Attempt } from "./attempt-log.ts";
import type { Target } from "./target.ts";

/** What a call upstream consumed, as far as its price depends on it. An `Attempt` is one. */
export type BilledCall = Pick<Attempt, "outcome" | "receivedChars" | "usage" | "inDoubt"> & {
  readonly target: Pick<Target, "model"> & { readonly provider: Pick<Target["provider"], "name" | "kind"> };
};

/** Micro-dollars; undefined is unknown, or did not apply. */
export interface ExchangeCost {
  readonly costUsdMicros: number | undefined;
  /** What a hit of the cache would have cost. */
  readonly savedUsdMicros: number | undefined;
  /** The name of the prices that decided; undefined where none did. */
  readonly priceVersion: string | undefined;
}

/** Nothing was asked, so nothing was spent or saved. */
export const NOT_PRICED: ExchangeCost = {
  costUsdMicros: undefined,
  savedUsdMicros: undefined,
  priceVersion: undefined,
};

/** Prices of one bundle at one moment. */
export interface PriceContext {
  readonly bundle: Pick<Bundle, "prices" | "price_version">;
  readonly atMs: number;
}

/** Whether a call that counted nothing may have been billed all the same: it brought something, or nobody knows whether it was carried out. */
export function isUncounted({ usage, outcome, receivedChars, inDoubt }: BilledCall): boolean {
  return usage === undefined && (outcome === "ok" || receivedChars > 0 || inDoubt !== undefined);
}

/** What one call cost. A call that brought nothing and counted nothing was refused, and is not billed; one that brought something was. */
export function callCost(call: BilledCall, { bundle, atMs }: PriceContext): number | undefined {
  const { target, usage } = call;
  if (usage === undefined) return isUncounted(call) ? undefined : 0;
  const { kind, name } = target.provider;
  const price = findPrice(bundle.prices, { kind, provider: name, model: target.model, atMs });
  return price === undefined ? undefined : costOf(usage, price);
}

/** The cost of every call that an exchange made, failed ones included; unknown as soon as one is, or when there was none. */
export function exchangeCost(calls: readonly BilledCall[], context: PriceContext): ExchangeCost {
  const costs = calls.map((call) => callCost(call, context));
  const known = costs.length > 0 && costs.every((cost) => cost !== undefined);
  return priced({ costUsdMicros: known ? costs.reduce((sum, cost) => sum + cost, 0) : undefined }, context);
}

/** A hit costs nothing; it saved what the kept answer would cost at the prices of now. */
export function hitCost(kept: BilledCall, context: PriceContext): ExchangeCost {
  const savedUsdMicros = kept.usage === undefined ? undefined : callCost(kept, context);
  return priced({ costUsdMicros: 0, savedUsdMicros }, context);
}

function priced(amounts: Partial<Omit<ExchangeCost, "priceVersion">>, { bundle }: PriceContext): ExchangeCost {
  const { costUsdMicros, savedUsdMicros } = amounts;
  const decided = costUsdMicros !== undefined || savedUsdMicros !== undefined;
  return { costUsdMicros, savedUsdMicros, priceVersion: decided ? (bundle.price_version ?? undefined) : undefined };
}

/**
 * The calls with an estimate of what the caller heard: it is the last call's that brought something, unless its provider counted. Where several calls brought
 * parts of it, each has an estimate of its own. A usage that was counted is no estimate, and changes nothing.
 */
export function withEstimate(calls: readonly BilledCall[], estimate: Usage | undefined): readonly BilledCall[] {
  if (estimate?.source !== "estimated") return calls;
  const brought = calls.filter(({ outcome, receivedChars }) => outcome === "ok" || receivedChars > 0);
  const heard = brought.findLast(({ outcome }) => outcome === "ok") ?? brought.at(-1);
  const isWhole = heard?.usage === undefined || (brought.length === 1 && heard.usage.source !== "provider");
  return isWhole ? calls.map((call) => (call === heard ? { ...call, usage: estimate } : call)) : calls;
}

/** The calls for who must not count too little: one in doubt is taken to have consumed what it was sent. A trace says that it is not known. */
export function withDoubts(calls: readonly BilledCall[]): readonly BilledCall[] {
  return calls.map((call) => ({ ...call, usage: call.usage ?? call.inDoubt?.estimate }));
}
