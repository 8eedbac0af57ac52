import type { Usage } from "@millrace/core/contract";
import { asCount, asFields, asText, type Fields } from "../../json/vendor-json.ts";

/** Anthropic's usage as ours: it counts cached and newly cached input apart from the rest of the input. */
export function readUsage(usage: Fields): Usage | undefined {
  const [input, output] = [asCount(usage["input_tokens"]), asCount(usage["output_tokens"])];
  if (input === undefined && output === undefined) return undefined;
  const read = asCount(usage["cache_read_input_tokens"]);
  const written = asCount(usage["cache_creation_input_tokens"]);
  const hour = asCount(asFields(usage["cache_creation"])?.["ephemeral_1h_input_tokens"]);
  return {
    inputTokens: input === undefined ? undefined : input + (read ?? 0) + (written ?? 0),
    outputTokens: output,
    cachedInputTokens: read,
    reasoningTokens: asCount(asFields(usage["output_tokens_details"])?.["thinking_tokens"]),
    cacheWriteTokens: written,
    cacheWrite1hTokens: hour,
    serviceTier: asText(usage["service_tier"]),
    source: "provider",
  };
}
