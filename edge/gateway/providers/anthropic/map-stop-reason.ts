import type { FinishReason } from "@millrace/core/contract";

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  // A long turn of Anthropic's own tools was interrupted: the answer is not over, and goes on when it is sent back.
  ["pause_turn", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
]);

/** OpenAI's word for why an answer ended. A reason that is not known is not reported as a success. */
export function mapStopReason(raw: string, answersByTool: boolean): FinishReason {
  if (answersByTool && raw === "tool_use") return "stop";
  return reasons.get(raw) ?? "content_filter";
}
