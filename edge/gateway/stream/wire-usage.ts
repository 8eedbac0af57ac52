import type { JsonObject, Usage } from "@millrace/core/contract";

/** The counts that are known and not 0; undefined where there are none. */
function known(counts: Readonly<Record<string, number | undefined>>, always?: string): JsonObject | undefined {
  const given = Object.entries(counts).flatMap(([name, count]) =>
    count !== undefined && (count > 0 || name === always) ? [[name, count] as const] : [],
  );
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/**
 * Our usage as OpenAI's object, or undefined while a count that it requires is unknown. `readUsage` reads the same back: what a converted answer
 * costs is read from it. `cache_write_1h_tokens` and a special `service_tier` are no members of OpenAI's.
 */
export function toWireUsage(usage: Usage): JsonObject | undefined {
  const { inputTokens, outputTokens, serviceTier } = usage;
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  const input = known(
    {
      cached_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      cache_write_1h_tokens: usage.cacheWrite1hTokens,
      audio_tokens: usage.audioInputTokens,
      image_tokens: usage.imageInputTokens,
    },
    "cached_tokens",
  );
  const output = known(
    {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.audioOutputTokens,
      image_tokens: usage.imageOutputTokens,
    },
    "reasoning_tokens",
  );
  const special = serviceTier !== undefined && !["default", "standard", "auto"].includes(serviceTier);
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(input === undefined ? {} : { prompt_tokens_details: input }),
    ...(output === undefined ? {} : { completion_tokens_details: output }),
    ...(special ? { service_tier: serviceTier } : {}),
  };
}
