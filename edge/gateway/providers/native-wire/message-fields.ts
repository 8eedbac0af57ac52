import type { ChatMessage } from "@millrace/core/contract";
import { asFields, type Fields } from "../../json/vendor-json.ts";

/**
 * The fields of a message that every converter reads. `reasoning_content` is what a client got and sends back for the record; what a model
 * needs of it again is in `provider_fields`.
 */
export const MESSAGE_FIELDS: readonly string[] = [
  "role",
  "content",
  "refusal",
  "tool_calls",
  "tool_call_id",
  "reasoning_content",
  "provider_fields",
];

/** What a provider of this kind said itself in an answer that the caller sends back; undefined where the answer was another's. */
export function ownFields(message: ChatMessage, kind: string): Fields | undefined {
  return asFields(asFields(message["provider_fields"])?.[kind]);
}
