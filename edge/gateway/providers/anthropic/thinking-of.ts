import { unsupported } from "../native-wire/refuse-fields.ts";
import type { ModelTraits } from "./model-traits.ts";

/** Anthropic's least, in tokens. */
const LEAST_BUDGET = 1024;
/** Tokens of thought for each effort, for models that count them. */
const budgets: Readonly<Record<string, number>> = {
  minimal: LEAST_BUDGET,
  low: LEAST_BUDGET,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
};
const efforts: Readonly<Record<string, string>> = {
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
};

export interface ThinkingRoom {
  readonly traits: ModelTraits;
  readonly maxTokens: number;
  /** Who serves the model, for the refusal. */
  readonly who: string;
}

/** OpenAI's `reasoning_effort` as Claude's members. @throws MillraceError `unsupported-parameter`. */
export function thinkingOf(effort: string, { traits, maxTokens, who }: ThinkingRoom): Record<string, unknown> {
  if (effort === "none") return { thinking: { type: "disabled" } };
  const [budget, level] = [budgets[effort], efforts[effort]];
  if (budget === undefined || level === undefined || traits.thinking === "none")
    throw unsupported("reasoning_effort", who);
  if (traits.thinking === "adaptive") return { thinking: { type: "adaptive" }, output_config: { effort: level } };
  const within = Math.min(budget, maxTokens - 1);
  if (within < LEAST_BUDGET)
    throw unsupported("reasoning_effort", who, `thinking needs a \`max_tokens\` above ${LEAST_BUDGET}`);
  return { thinking: { type: "enabled", budget_tokens: within } };
}
