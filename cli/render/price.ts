import { type Price, type Rates, ratesSchema } from "@millrace/core/contract";

/** What a rate of each dimension is counted in, where that is not tokens by the million. */
const units: Readonly<Partial<Record<keyof Rates, string>>> = {
  images: " an image",
  audio_seconds: " a second",
  characters: " a million characters",
  requests: " a call",
};
/** Rates whose unit is one thing, not a million. */
const single = new Set<string>(["images", "audio_seconds", "requests"]);
const MICROS = 1_000_000;

/** `$2.5 input · $10 output · $1.25 cached_input`; more words where there are tiers, modes or dates. */
export function describePrice({ rates, tiers = [], modes = {}, valid_from, valid_until }: Price): string {
  const parts = ratesSchema.keyof().options.flatMap((name) => describeRate(name, rates[name]) ?? []);
  return [
    parts.join(" · ") || "no rates",
    ...tiers.map((tier) => `more above ${tier.above_input_tokens} tokens`),
    ...Object.keys(modes),
    ...(valid_from === undefined ? [] : [`from ${valid_from}`]),
    ...(valid_until === undefined ? [] : [`until ${valid_until}`]),
  ].join("; ");
}

function describeRate(name: keyof Rates, rate: number | undefined): string | undefined {
  if (rate === undefined) return undefined;
  const dollars = rate / (single.has(name) ? MICROS * MICROS : MICROS);
  return `$${plain(dollars)}${units[name] ?? ""} ${name}`;
}

/** Without an exponent, as prices are published. */
function plain(dollars: number): string {
  return dollars.toFixed(12).replace(/\.?0+$/, "");
}

/** `$0.0123`; `–` where it is not known. Micro-dollars. */
export function renderCost(usdMicros: number | null): string {
  return usdMicros === null ? "–" : `$${plain(usdMicros / MICROS)}`;
}
