import type { ModelEvent } from "@millrace/core/contract";
import type { Fields } from "../../json/vendor-json.ts";

/** What an answer holds beside its text and its tool calls. */
export interface NativeAnswer {
  readonly content: readonly Fields[];
  /** `stop_reason`, `stop_sequence`, `usage`, … as they came. */
  readonly members: Fields;
}

/** Whether OpenAI's form holds all of a block. */
function isPlain(block: Fields): boolean {
  if (block["type"] === "tool_use") return true;
  const citations = block["citations"];
  return block["type"] === "text" && (!Array.isArray(citations) || citations.length === 0);
}

/**
 * Anthropic's own fields of an answer. Blocks are among them only where OpenAI's form cannot hold them all: then the caller sends
 * `provider_fields` back with the message, and the model gets its blocks (thinking, its signature, its own tools) as it wrote them.
 */
export function providerFields({ content, members }: NativeAnswer): ModelEvent {
  const own: Record<string, unknown> = content.every(isPlain) ? {} : { content };
  for (const name in members) if (members[name] !== null && members[name] !== undefined) own[name] = members[name];
  return { type: "extra", choice: 0, field: "provider_fields", value: { anthropic: own } };
}

/** Members of a message that OpenAI's form has no place for. */
export const ANSWER_MEMBERS = [
  "stop_reason",
  "stop_sequence",
  "stop_details",
  "container",
  "context_management",
] as const;
