import type { Usage } from "@millrace/core/contract";
import { asCount, asFields } from "../../json/vendor-json.ts";

/** OpenAI's usage object as ours, or undefined when it counts nothing. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = asFields(value);
  if (usage === undefined) return undefined;
  const inputTokens = asCount(usage["prompt_tokens"]);
  const outputTokens = asCount(usage["completion_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: asCount(asFields(usage["prompt_tokens_details"])?.["cached_tokens"]),
    reasoningTokens: asCount(asFields(usage["completion_tokens_details"])?.["reasoning_tokens"]),
    source: "provider",
  };
}
