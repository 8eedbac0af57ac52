import type { Price, PriceMode, Rates } from "../../contract/index.ts";

type RateName = keyof Rates;

/** LiteLLM's names of rates, without the tier and mode that may follow. Dollars for one unit. */
const tokenRates: Readonly<Record<string, RateName>> = {
  input_cost_per_token: "input",
  output_cost_per_token: "output",
  cache_read_input_token_cost: "cached_input",
  input_cost_per_token_cache_hit: "cached_input",
  cache_creation_input_token_cost: "cache_write",
  cache_creation_input_token_cost_above_1hr: "cache_write_1h",
  output_cost_per_reasoning_token: "reasoning",
  input_cost_per_audio_token: "audio_input",
  output_cost_per_audio_token: "audio_output",
  input_cost_per_image_token: "image_input",
  output_cost_per_image_token: "image_output",
  input_cost_per_request: "requests",
};

/** Whole things, by the mode of the entry: there they are another way to bill what tokens bill already, wherever tokens have a rate. */
const thingRates: Readonly<Record<string, Readonly<Record<string, RateName>>>> = {
  image_generation: { output_cost_per_image: "images" },
  image_edit: { output_cost_per_image: "images" },
  audio_transcription: { input_cost_per_second: "audio_seconds", output_cost_per_second: "audio_seconds" },
  audio_speech: { input_cost_per_character: "characters", output_cost_per_second: "audio_seconds" },
};

const modes: Readonly<Record<string, PriceMode>> = { batches: "batch", flex: "flex", priority: "priority" };

/** `<rate>[_above_<n>k_tokens][_<mode>]` */
const RATE_NAME = /^(.+?)(?:_above_([0-9]+)k_tokens)?(?:_(batches|flex|priority))?$/;
const looksLikeRate = (field: string): boolean => field.includes("cost") || field.endsWith("_pricing");

type Tier = NonNullable<Price["tiers"]>[number];
interface RatedDraft {
  readonly rates: Rates;
  readonly tiers: Map<number, Rates>;
}

export interface ReadRates extends Pick<Price, "rates" | "tiers" | "modes"> {
  /** Fields that charge for something that has no rate here. */
  readonly ignored: readonly string[];
}

/** Micro-dollars for a million units. LiteLLM's file holds binary fractions of a dollar, so the nearest whole number is what was published. */
function toRate(dollars: number): number {
  return Math.round(dollars * 1_000_000_000_000);
}

/** Every rate of one entry, sorted into rates, tiers and modes. Undefined when it has none that is known here. */
export function readRates(entry: Readonly<Record<string, unknown>>): ReadRates | undefined {
  const drafts = new Map<PriceMode | undefined, RatedDraft>();
  const ignored: string[] = [];
  const names = { ...tokenRates, ...thingsOf(entry) };
  for (const [field, value] of Object.entries(entry)) {
    if (!looksLikeRate(field) || field === "tiered_pricing") continue;
    const [, name = "", above, mode] = RATE_NAME.exec(field) ?? [];
    const rate = names[name];
    if (rate === undefined || typeof value !== "number" || !Number.isFinite(value) || value < 0) ignored.push(field);
    else note(drafts, { rate, value: toRate(value), above, mode: mode === undefined ? undefined : modes[mode] });
  }
  noteTieredPricing(drafts, entry["tiered_pricing"]);
  const standard = drafts.get(undefined);
  if (standard === undefined || Object.keys(standard.rates).length === 0) return undefined;
  const special = [...drafts].flatMap(([mode, draft]) => (mode === undefined ? [] : [[mode, rated(draft)] as const]));
  return {
    ...rated(standard),
    ...(special.length === 0 ? {} : { modes: Object.fromEntries(special) }),
    ignored,
  };
}

/** The whole things that an entry bills by: none where it has a rate for the tokens of its output or input as well. */
function thingsOf(entry: Readonly<Record<string, unknown>>): Readonly<Record<string, RateName>> {
  const mode = typeof entry["mode"] === "string" ? entry["mode"] : "";
  const billsTokens = Object.entries(entry).some(
    ([field, value]) => field in tokenRates && typeof value === "number" && value > 0,
  );
  return billsTokens ? {} : (thingRates[mode] ?? {});
}

function note(
  drafts: Map<PriceMode | undefined, RatedDraft>,
  found: {
    readonly rate: RateName;
    readonly value: number;
    readonly above: string | undefined;
    readonly mode: PriceMode | undefined;
  },
): void {
  const draft = drafts.get(found.mode) ?? { rates: {}, tiers: new Map<number, Rates>() };
  drafts.set(found.mode, draft);
  if (found.above === undefined) draft.rates[found.rate] = found.value;
  else {
    const above = Number(found.above) * 1000;
    draft.tiers.set(above, { ...draft.tiers.get(above), [found.rate]: found.value });
  }
}

/** `[{ range: [from, to], input_cost_per_token, … }]`: the call is billed by the range that its input falls into. */
function noteTieredPricing(drafts: Map<PriceMode | undefined, RatedDraft>, value: unknown): void {
  if (!Array.isArray(value)) return;
  for (const tier of value as Readonly<Record<string, unknown>>[]) {
    const range = tier["range"];
    const from: unknown = Array.isArray(range) ? range[0] : undefined;
    if (typeof from !== "number") continue;
    const above = from === 0 ? undefined : String(from / 1000);
    for (const [field, rate] of Object.entries(tokenRates)) {
      const dollars = tier[field];
      if (typeof dollars === "number") note(drafts, { rate, value: toRate(dollars), above, mode: undefined });
    }
  }
}

function rated({ rates, tiers }: RatedDraft): { readonly rates: Rates; readonly tiers?: Tier[] } {
  const rising = [...tiers]
    .sort(([a], [b]) => a - b)
    .map(([above, each]) => ({ above_input_tokens: above, rates: each }));
  return { rates, ...(rising.length === 0 ? {} : { tiers: rising }) };
}
