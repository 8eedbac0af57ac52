import type { MessageUsage, Usage } from "@millrace/core/contract";

/** Our usage in Anthropic's form, which counts cached input apart. Undefined where a number that it must have is unknown. */
export function toMessageUsage(usage: Usage | undefined): MessageUsage | undefined {
  if (usage?.inputTokens === undefined || usage.outputTokens === undefined) return undefined;
  const { cachedInputTokens, cacheWriteTokens } = usage;
  const apart = (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0);
  return {
    input_tokens: Math.max(0, usage.inputTokens - apart),
    output_tokens: usage.outputTokens,
    cache_read_input_tokens: cachedInputTokens ?? null,
    cache_creation_input_tokens: cacheWriteTokens ?? null,
  };
}
