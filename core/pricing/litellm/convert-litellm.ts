import {
  type ImportReport,
  type Price,
  priceSchema,
  type PriceScope,
  providerKindSchema,
  type SkipReason,
} from "../../contract/index.ts";
import { canonicalJson } from "../../content/index.ts";
import { priceDoubts } from "./price-doubts.ts";
import { readRates } from "./read-rates.ts";

/** LiteLLM's names of providers that are a kind of another name here; a kind's own name counts as well. Those of Vertex AI's partners begin with `vertex_ai`. */
const kinds: Readonly<Record<string, string>> = {
  openai: "openai",
  "text-completion-openai": "openai",
  azure: "azure-openai",
  azure_text: "azure-openai",
  anthropic: "anthropic",
  gemini: "gemini",
  bedrock: "bedrock",
  bedrock_converse: "bedrock",
  mistral: "mistral",
  codestral: "mistral",
  groq: "groq",
  together_ai: "together",
  fireworks_ai: "fireworks",
  "fireworks_ai-embedding-models": "fireworks",
  deepseek: "deepseek",
  openrouter: "openrouter",
  cohere: "cohere",
  cohere_chat: "cohere",
  xai: "xai",
  cloudflare: "workers-ai",
};

export interface ConvertOptions {
  /** LiteLLM's provider → the name of a provider of the project; goes before the kinds. */
  readonly providers?: Readonly<Record<string, string>>;
}

export interface Converted {
  readonly prices: readonly Price[];
  readonly report: ImportReport;
}

type Fields = Readonly<Record<string, unknown>>;
type Entry = { readonly price: Price; readonly ignored: readonly string[] } | { readonly reason: SkipReason };

/**
 * LiteLLM's public price file (`model_prices_and_context_window.json`) as prices, and an account of every entry that gave none and of every rate
 * that has no counterpart. Never guesses: what cannot be said exactly is left unknown.
 */
export function convertLitellm(file: Fields, options: ConvertOptions = {}): Converted {
  const prices = new Map<string, Price>();
  const skipped: ImportReport["skipped"] = [];
  const doubts: ImportReport["doubts"] = [];
  const ignored = new Map<string, { entries: number; example: string }>();
  for (const [name, value] of orderedEntries(file)) {
    const entry = readEntry(name, value, options);
    const taken = "price" in entry ? prices.get(keyOf(entry.price)) : undefined;
    if ("reason" in entry) skipped.push({ name, reason: entry.reason });
    else if (taken !== undefined) skipped.push({ name, reason: "duplicate" });
    else {
      prices.set(keyOf(entry.price), entry.price);
      for (const doubt of priceDoubts(entry.price)) doubts.push({ name, doubt });
      for (const rate of entry.ignored) {
        const seen = ignored.get(rate);
        ignored.set(rate, { entries: (seen?.entries ?? 0) + 1, example: seen?.example ?? name });
      }
    }
  }
  const report = {
    imported: prices.size,
    skipped,
    ignored: [...ignored].map(([rate, seen]) => ({ rate, ...seen })).sort((a, b) => b.entries - a.entries),
    doubts,
  };
  return { prices: [...prices.values()], report };
}

/** Names with their provider in front come first: where both are there, they are the ones that are kept up. */
function orderedEntries(file: Fields): [string, unknown][] {
  const entries = Object.entries(file);
  return [...entries.filter(([name]) => name.includes("/")), ...entries.filter(([name]) => !name.includes("/"))];
}

function keyOf({ scope, model, match }: Price): string {
  return canonicalJson([scope, model, match]);
}

function readEntry(name: string, value: unknown, options: ConvertOptions): Entry {
  if (name === "sample_spec" || typeof value !== "object" || value === null) return { reason: "not-a-price" };
  const fields = value as Fields;
  const vendor = typeof fields["litellm_provider"] === "string" ? fields["litellm_provider"] : "";
  const scope = scopeOf(vendor, options);
  if (scope === undefined) return { reason: "unknown-provider" };
  if ("off_peak_pricing" in fields) return { reason: "by-hour" };
  const model = modelOf(name, vendor);
  if (typeof model !== "string") return model;
  const read = readRates(fields);
  if (read === undefined) return { reason: "no-known-rate" };
  // LiteLLM writes 0 for what is free and for what nobody looked up; free is for the project to say.
  if (Object.values(read.rates).every((rate) => rate === 0)) return { reason: "all-zero" };
  const { ignored, ...rates } = read;
  // Fine-tuned models are called by the base model's name and more.
  const match = model.startsWith("ft:") ? "prefix" : "exact";
  const parsed = priceSchema.safeParse({ scope, model, match, ...rates });
  return parsed.success ? { price: parsed.data, ignored } : { reason: "not-a-price" };
}

function scopeOf(vendor: string, { providers = {} }: ConvertOptions): PriceScope | undefined {
  const provider = Object.hasOwn(providers, vendor) ? providers[vendor] : undefined;
  if (provider !== undefined) return { provider };
  const known = vendor.startsWith("vertex_ai") ? "vertex-ai" : Object.hasOwn(kinds, vendor) ? kinds[vendor] : vendor;
  const kind = providerKindSchema.safeParse(known);
  return kind.success ? { kind: kind.data } : undefined;
}

/** The name that the provider knows the model by. */
function modelOf(name: string, vendor: string): string | { readonly reason: SkipReason } {
  // `1024-x-1024/50-steps/…`, `hd/1024-x-1792/dall-e-3`, `low/1024-x-1024/gpt-image-1`
  if (/(?:^|\/)[0-9]+-x-[0-9]+\//.test(name)) return { reason: "by-size-or-quality" };
  const family = vendor.startsWith("vertex_ai") ? "vertex_ai" : vendor.replace(/^bedrock_converse$/, "bedrock");
  const model = name.startsWith(`${family}/`) ? name.slice(family.length + 1) : name;
  // Azure's and Bedrock's prices of one region stand under the region's name, which no call has.
  const regional = family === "azure" || family === "azure_text" || family === "bedrock";
  return regional && model.includes("/") ? { reason: "regional" } : model;
}
