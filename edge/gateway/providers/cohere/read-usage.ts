import type { Usage } from "@millrace/core/contract";
import { asCount, asFields, type Fields } from "../../json/vendor-json.ts";

/** Cohere's usage as ours: what it bills where it says so, else what it counted, which holds tokens of its own. */
export function readUsage(usage: Fields): Usage | undefined {
  const billed = asFields(usage["billed_units"]);
  const counted = asFields(usage["tokens"]);
  const count = (name: string): number | undefined => asCount(billed?.[name]) ?? asCount(counted?.[name]);
  const [inputTokens, outputTokens] = [count("input_tokens"), count("output_tokens")];
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: asCount(usage["cached_tokens"]),
    reasoningTokens: undefined,
    source: "provider",
  };
}
