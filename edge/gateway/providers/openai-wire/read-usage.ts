import type { Usage } from "@millrace/core/contract";
import { asCount, asFields, type Fields } from "../../json/vendor-json.ts";

/** OpenAI counts thinking among the output; xAI beside it, which its total gives away. */
function withReasoning(of: {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  readonly total: number | undefined;
}): number | undefined {
  const { inputTokens, outputTokens, reasoningTokens, total } = of;
  if (inputTokens === undefined || outputTokens === undefined || !reasoningTokens) return outputTokens;
  return total === inputTokens + outputTokens + reasoningTokens ? outputTokens + reasoningTokens : outputTokens;
}

/** Counts that few answers have, under the names that OpenAI, and OpenRouter for cache writes, give them. All of them are parts of the two wholes. */
function readParts(usage: Fields): Partial<Usage> {
  const input = asFields(usage["prompt_tokens_details"]);
  const output = asFields(usage["completion_tokens_details"]);
  const parts = {
    cacheWriteTokens: asCount(input?.["cache_write_tokens"]),
    cacheWrite1hTokens: asCount(input?.["cache_write_1h_tokens"]),
    audioInputTokens: asCount(input?.["audio_tokens"]),
    imageInputTokens: asCount(input?.["image_tokens"]),
    audioOutputTokens: asCount(output?.["audio_tokens"]),
    imageOutputTokens: asCount(output?.["image_tokens"]),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, count]) => count !== undefined && count > 0));
}

/**
 * OpenAI's usage object as ours, or undefined when it counts nothing.
 * @param serviceTier what stands beside it in the answer: the price depends on it
 */
export function readUsage(value: unknown, serviceTier?: unknown): Usage | undefined {
  const usage = asFields(value);
  if (usage === undefined) return undefined;
  const inputTokens = asCount(usage["prompt_tokens"]);
  const outputTokens = asCount(usage["completion_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const reasoningTokens = asCount(asFields(usage["completion_tokens_details"])?.["reasoning_tokens"]);
  return {
    inputTokens,
    outputTokens: withReasoning({ inputTokens, outputTokens, reasoningTokens, total: asCount(usage["total_tokens"]) }),
    // DeepSeek counts hits of its cache beside the details.
    cachedInputTokens:
      asCount(asFields(usage["prompt_tokens_details"])?.["cached_tokens"]) ?? asCount(usage["prompt_cache_hit_tokens"]),
    reasoningTokens,
    ...readParts(usage),
    ...(typeof serviceTier === "string" ? { serviceTier } : {}),
    source: "provider",
  };
}
