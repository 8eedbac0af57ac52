import type { JsonObject, JsonValue } from "@millrace/core/contract";
import { prefillOf } from "./openai-dialect.ts";

/** The chat's messages with `prefix: true` on the assistant turn that they end with (Mistral, DeepSeek); the same array where there is none. */
export function markPrefix(fields: Readonly<JsonObject>): readonly JsonValue[] {
  const messages = Array.isArray(fields["messages"]) ? fields["messages"] : [];
  const last = messages.at(-1);
  if (prefillOf(fields) === undefined || (last as JsonObject)["prefix"] !== undefined) return messages;
  return [...messages.slice(0, -1), { ...(last as JsonObject), prefix: true }];
}
