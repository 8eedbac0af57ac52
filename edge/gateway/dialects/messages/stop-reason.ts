import type { FinishReason, MessageStopReason } from "@millrace/core/contract";

const reasons: Readonly<Record<FinishReason, MessageStopReason>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  function_call: "tool_use",
  content_filter: "refusal",
};

/** Why a model stopped, in Anthropic's words. Few providers tell which stop sequence they met; where one says only that, so do we. */
export function toStopReason(reason: FinishReason, rawReason: string): MessageStopReason {
  return rawReason === "stop_sequence" ? "stop_sequence" : reasons[reason];
}
