import type { ModelEvent } from "@millrace/core/contract";
import type { Fields } from "../../json/vendor-json.ts";

/** Cohere's own fields of an answer; the caller sends them back with the message. Content only where it holds more than text. */
export function providerFields(content: readonly Fields[], members: Fields): ModelEvent {
  const own: Record<string, unknown> = content.every((item) => item["type"] === "text") ? {} : { content };
  for (const name in members) {
    const value = members[name];
    if (value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)) continue;
    own[name] = value;
  }
  return { type: "extra", choice: 0, field: "provider_fields", value: { cohere: own } };
}
