import type { Usage } from "@millrace/core/contract";
import { asCount, asText, type Fields } from "../../json/vendor-json.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";

/** Tokens of one kind of content among the details of a count. */
function ofModality(details: unknown, modality: string): number | undefined {
  const row = listOfFields(details).find((detail) => asText(detail["modality"]) === modality);
  return asCount(row?.["tokenCount"]);
}

/** Vertex AI says how a call was served; provisioned throughput, which OpenAI calls `scale`, is not paid by the token. */
const tiers: ReadonlyMap<string, string> = new Map([
  ["ON_DEMAND_FLEX", "flex"],
  ["ON_DEMAND_PRIORITY", "priority"],
  ["PROVISIONED_THROUGHPUT", "scale"],
]);

/** Google's usage as ours: it counts thoughts apart from the rest of the output, and what its own tools read apart from the prompt. */
export function readUsage(usage: Fields): Usage | undefined {
  const input = asCount(usage["promptTokenCount"]);
  const output = asCount(usage["candidatesTokenCount"]);
  const thoughts = asCount(usage["thoughtsTokenCount"]);
  if (input === undefined && output === undefined && thoughts === undefined) return undefined;
  return {
    inputTokens: input === undefined ? undefined : input + (asCount(usage["toolUsePromptTokenCount"]) ?? 0),
    // An answer that ended while the model thought, or before, has no count of its own.
    outputTokens: output === undefined && thoughts === undefined ? undefined : (output ?? 0) + (thoughts ?? 0),
    cachedInputTokens: asCount(usage["cachedContentTokenCount"]),
    reasoningTokens: thoughts,
    audioInputTokens: ofModality(usage["promptTokensDetails"], "AUDIO"),
    imageOutputTokens: ofModality(usage["candidatesTokensDetails"], "IMAGE"),
    serviceTier: tiers.get(asText(usage["trafficType"]) ?? ""),
    source: "provider",
  };
}
