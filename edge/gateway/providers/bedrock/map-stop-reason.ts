import { type FinishReason, MillraceError } from "@millrace/core/contract";

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_use", "tool_calls"],
  ["guardrail_intervened", "content_filter"],
  ["content_filtered", "content_filter"],
]);

/** The model's own output was unusable: another try can help, and what there is of it is no answer. */
const FAILED = new Set(["malformed_model_output", "malformed_tool_use"]);

/** OpenAI's word for why an answer ended; a reason that is not known is not reported as a success. @throws MillraceError `upstream-garbage`. */
export function mapStopReason(raw: string, answersByTool: boolean): FinishReason {
  if (FAILED.has(raw))
    throw new MillraceError("upstream-garbage", { message: `The model failed at its answer (${raw}).` });
  if (answersByTool && raw === "tool_use") return "stop";
  return reasons.get(raw) ?? "content_filter";
}
