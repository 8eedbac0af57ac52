import type { ChatRequest } from "@millrace/core/contract";
import type { ModelCall } from "../../exchange/model-call.ts";
import { refuseRequestFields } from "./refuse-fields.ts";

/** The fields of a chat request that every converter reads. */
const REQUEST_FIELDS: readonly string[] = [
  "messages",
  "temperature",
  "top_p",
  "top_k",
  "stop",
  "max_tokens",
  "max_completion_tokens",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "response_format",
  "reasoning_effort",
];

export interface ChatRules {
  /** Who is spoken to, for refusals. */
  readonly who: string;
  /** Fields that this converter reads beside those of all. */
  readonly fields?: readonly string[];
}

/** The request of a chat call. @throws MillraceError `unsupported-parameter` for a field that says something and is not read. */
export function chatRequestOf(call: ModelCall, { who, fields = [] }: ChatRules): ChatRequest {
  // Validated at the route against the schema that this type comes from.
  const request = call.fields as unknown as ChatRequest;
  refuseRequestFields(request, { known: new Set([...REQUEST_FIELDS, ...fields]), who });
  return request;
}

/** How long the answer may get, in tokens; undefined where the caller sets no limit. */
export function tokenLimitOf(request: ChatRequest): number | undefined {
  return request.max_completion_tokens ?? request.max_tokens ?? undefined;
}

/** The texts that end an answer. */
export function stopsOf({ stop }: ChatRequest): readonly string[] {
  return typeof stop === "string" ? [stop] : (stop ?? []);
}
