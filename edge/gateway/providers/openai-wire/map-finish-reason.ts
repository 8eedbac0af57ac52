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

/** An unknown reason counts as `content_filter`: the answer ended for a cause that was not the model's own, and is not reported as a success. */
export function mapFinishReason(raw: string): FinishReason {
  return Object.hasOwn(reasons, raw) ? (reasons[raw] ?? "content_filter") : "content_filter";
}
