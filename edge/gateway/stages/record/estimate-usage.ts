import { isMediaSurface, type Usage } from "@millrace/core/contract";
import type { AnswerSummary } from "../../exchange/answer.ts";
import type { Resolution } from "../../exchange/resolution.ts";

/** English text in common tokenizers; only ever used where the provider counted nothing, and always marked. */
const CHARS_PER_TOKEN = 4;

function textLength(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (typeof value === "object" && value !== null)
    return Object.values(value).reduce<number>((sum, item) => sum + textLength(item), 0);
  return 0;
}

/** A marked estimate from the length of what was sent and what came; undefined when nothing came. */
export function estimateUsage(
  resolution: Resolution | undefined,
  summary: AnswerSummary | undefined,
): Usage | undefined {
  if (resolution === undefined || summary?.response === undefined || isMediaSurface(resolution.surface))
    return undefined;
  const { messages, prompt, input } = resolution.fields;
  const outputChars = textLength(summary.response["choices"]);
  return {
    inputTokens: Math.ceil(textLength(messages ?? prompt ?? input) / CHARS_PER_TOKEN),
    outputTokens: Math.ceil(outputChars / CHARS_PER_TOKEN),
    cachedInputTokens: undefined,
    reasoningTokens: undefined,
    source: "estimated",
    estimatedBy: "characters",
  };
}
