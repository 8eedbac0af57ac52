import type { JsonValue } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";
import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";
import type { FieldRules } from "../openai-wire/openai-dialect.ts";

/** What the model behind it cannot do, OpenRouter refuses (with `provider.require_parameters`) or routes around; only it knows. */
const able = allExcept("prefill", "multiple-choices");

/** Parts of `provider` that say which endpoints may not be asked, or that the price comes first: what OpenRouter does anyway. */
const HARMLESS = [
  "allow_fallbacks",
  "data_collection",
  "enforce_distillable_text",
  "max_price",
  "require_parameters",
  "zdr",
];

/** Whether `provider` names who is to answer, at whatever price: `order`, `only`, `sort: "throughput"`, … */
function choosesEndpoint(value: JsonValue): boolean {
  const parts = asFields(value);
  if (parts === undefined) return true;
  return Object.entries(parts).some(
    ([name, part]) => part !== null && !HARMLESS.includes(name) && !(name === "sort" && part === "price"),
  );
}

/** What chooses another model, or adds what is billed beside it: the route, the price and the budgets are those of the target. */
const refused: FieldRules["refused"] = {
  models: [[]],
  route: [],
  plugins: [[]],
  preset: [],
  provider: choosesEndpoint,
};

/**
 * OpenRouter. Of its own fields those that leave the model and its price alone (`reasoning`, `transforms`, most of `provider`) go through as they are; its
 * keep-alive comments are no events, and the errors that it sends inside 200 are errors.
 */
export const openRouter = openAiAdapter("openrouter", () => able, {
  headers: ({ referer, title }) => ({
    ...(referer === undefined ? {} : { "http-referer": referer }),
    ...(title === undefined ? {} : { "x-title": title }),
  }),
  rules: {
    chat: { refused: { ...refused, n: [1] } },
    completions: { refused: { ...refused, n: [1], best_of: [1] } },
    embeddings: { refused },
  },
});
