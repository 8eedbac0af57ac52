import type { Usage } from "@millrace/core/contract";
import { asCount, asText, type Fields } from "../../json/vendor-json.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";

/** Bedrock's usage as ours: it counts cached and newly cached input apart from the rest of the input. */
export function readUsage(usage: Fields): Usage | undefined {
  const [input, output] = [asCount(usage["inputTokens"]), asCount(usage["outputTokens"])];
  if (input === undefined && output === undefined) return undefined;
  const read = asCount(usage["cacheReadInputTokens"]);
  const written = asCount(usage["cacheWriteInputTokens"]);
  const hour = listOfFields(usage["cacheDetails"]).find((detail) => asText(detail["ttl"]) === "1h");
  return {
    inputTokens: input === undefined ? undefined : input + (read ?? 0) + (written ?? 0),
    outputTokens: output,
    cachedInputTokens: read,
    reasoningTokens: undefined,
    cacheWriteTokens: written,
    cacheWrite1hTokens: asCount(hour?.["inputTokens"]),
    source: "provider",
  };
}
