import { type FinishReason, MillraceError } from "@millrace/core/contract";

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
]);

/** The model's own output was unusable: another try can help, and what there is of it is no answer. */
const FAILED = new Set([
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MALFORMED_RESPONSE",
]);

/**
 * OpenAI's word for why an answer ended. Google names some ten kinds of filter; they, and any reason that is not known, are `content_filter`.
 * @throws MillraceError `upstream-garbage` when the model failed at a tool call.
 */
export function mapFinishReason(raw: string, calledTools: boolean): FinishReason {
  if (FAILED.has(raw)) {
    throw new MillraceError("upstream-garbage", { message: `The model failed at a tool call (${raw}).` });
  }
  if (raw === "STOP" && calledTools) return "tool_calls";
  return reasons.get(raw) ?? "content_filter";
}
