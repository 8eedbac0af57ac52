import { type FinishReason, MillraceError } from "@millrace/core/contract";

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["COMPLETE", "stop"],
  ["STOP_SEQUENCE", "stop"],
  ["MAX_TOKENS", "length"],
  ["TOOL_CALL", "tool_calls"],
]);

/** OpenAI's word for why an answer ended; a reason that is not known is not reported as a success. @throws MillraceError for those that are failures. */
export function mapFinishReason(raw: string): FinishReason {
  if (raw === "TIMEOUT") throw new MillraceError("upstream-timeout", { message: "The model ran out of its own time." });
  if (raw === "ERROR") throw new MillraceError("upstream-garbage", { message: "The model failed in mid-answer." });
  return reasons.get(raw) ?? "content_filter";
}
