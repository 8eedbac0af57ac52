import type { Usage } from "@millrace/core/contract";
import { asCount, asFields } from "../../json/vendor-json.ts";

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

/** OpenAI's usage object as ours, or undefined when it counts nothing. */
export function readUsage(value: unknown): Usage | undefined {
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
    source: "provider",
  };
}
