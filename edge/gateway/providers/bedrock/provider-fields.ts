import type { ModelEvent } from "@millrace/core/contract";
import type { Fields } from "../../json/vendor-json.ts";

/** Whether OpenAI's form holds all of a block. */
function isPlain(block: Fields): boolean {
  return "toolUse" in block || Object.keys(block).every((name) => name === "text");
}

/** Bedrock's own fields of an answer; blocks only where OpenAI's form cannot hold them all. The caller sends them back with the message. */
export function providerFields(content: readonly Fields[], members: Fields): ModelEvent {
  const own: Record<string, unknown> = content.every(isPlain) ? {} : { content };
  for (const name in members) if (members[name] !== null && members[name] !== undefined) own[name] = members[name];
  return { type: "extra", choice: 0, field: "provider_fields", value: { bedrock: own } };
}

/** Members of an answer that OpenAI's form has no place for. */
export const ANSWER_MEMBERS = [
  "stopReason",
  "additionalModelResponseFields",
  "usage",
  "metrics",
  "trace",
  "performanceConfig",
  "serviceTier",
] as const;
