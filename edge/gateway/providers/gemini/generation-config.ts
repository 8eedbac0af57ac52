import type { ChatRequest } from "@millrace/core/contract";
import { stopsOf, tokenLimitOf } from "../native-wire/chat-request.ts";
import { effortOf } from "../native-wire/effort-of.ts";
import { unsupported } from "../native-wire/refuse-fields.ts";

/** Tokens of thought for each effort, as Google's own OpenAI-compatible API translates it; for models that count them. */
const budgets: Readonly<Record<string, number>> = { none: 0, minimal: 1024, low: 1024, medium: 8192, high: 24_576 };
/** The same for models that think in levels. */
const levels: Readonly<Record<string, string>> = { minimal: "minimal", low: "low", medium: "medium", high: "high" };

function thinking(request: ChatRequest, model: string): object {
  const effort = effortOf(request, "Gemini");
  if (effort === undefined) return {};
  const name = model.toLowerCase();
  const budget = /gemini-2\.5/.test(name) ? budgets[effort] : undefined;
  const level = /gemini-(?:[3-9]|\d{2})/.test(name) ? levels[effort] : undefined;
  if (level !== undefined) return { thinkingConfig: { thinkingLevel: level, includeThoughts: true } };
  if (budget === undefined) throw unsupported("reasoning_effort", "Gemini");
  return { thinkingConfig: { thinkingBudget: budget, ...(budget > 0 ? { includeThoughts: true } : {}) } };
}

function format(request: ChatRequest): object {
  const wanted = request.response_format;
  if (wanted === undefined || wanted.type === "text") return {};
  const schema = wanted.type === "json_schema" ? wanted.json_schema.schema : undefined;
  return { responseMimeType: "application/json", ...(schema === undefined ? {} : { responseJsonSchema: schema }) };
}

/** Fields that only change their name. */
const renamed = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  n: "candidateCount",
  seed: "seed",
  presence_penalty: "presencePenalty",
  frequency_penalty: "frequencyPenalty",
  logprobs: "responseLogprobs",
  top_logprobs: "logprobs",
} as const;

/** How the answer is made: sampling, length, form and thought. */
export function generationConfig(request: ChatRequest, model: string): object {
  const config: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(renamed)) {
    const value = request[field];
    if (value !== undefined && value !== null) config[name] = value;
  }
  const limit = tokenLimitOf(request);
  if (limit !== undefined) config["maxOutputTokens"] = limit;
  const stop = stopsOf(request);
  if (stop.length > 0) config["stopSequences"] = stop;
  return { ...config, ...format(request), ...thinking(request, model) };
}

/** The fields of a request that this file reads; some of them are read by every converter. */
export const GENERATION_FIELDS: readonly string[] = Object.keys(renamed);
