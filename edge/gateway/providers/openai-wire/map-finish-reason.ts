import type { FinishReason } from "@millrace/core/contract";

/** What servers that call themselves compatible say instead of OpenAI's words. */
const reasons: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool_calls",
  content_filter: "content_filter",
  function_call: "function_call",
  eos: "stop",
  eos_token: "stop",
  stop_sequence: "stop",
  end_turn: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
};

/**
 * Reasons that say the server gave up: DeepSeek's lack of resources, OpenRouter's and Mistral's error, an abort in vLLM or SGLang. Such an answer is a
 * part of one.
 */
const interrupted: ReadonlySet<string> = new Set(["insufficient_system_resource", "error", "abort", "aborted"]);

/** Whether an answer that ended for this reason is no whole one. */
export function isInterrupted(raw: string): boolean {
  return interrupted.has(raw);
}

/** An unknown reason counts as `content_filter`: the answer ended for a cause that was not the model's own, and is not reported as a success. */
export function mapFinishReason(raw: string): FinishReason {
  return Object.hasOwn(reasons, raw) ? (reasons[raw] ?? "content_filter") : "content_filter";
}
