import type { JsonObject, JsonValue } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";

/** Mistral: "Tool call id … must be a-z, A-Z, 0-9, with a length of 9." */
const VALID = /^[A-Za-z0-9]{9}$/;
const ID_CHARS = 9;

/** FNV-1a in base 36: the same id every time, so that a conversation keeps its prefix and with it the vendor's cache. */
function shorten(id: string, salt: number): string {
  let low = 0x811c9dc5 ^ salt;
  let high = 0x01000193 ^ salt;
  for (let at = 0; at < id.length; at++) {
    low = Math.imul(low ^ id.charCodeAt(at), 0x01000193) >>> 0;
    high = Math.imul(high ^ id.charCodeAt(at), 0x85ebca6b) >>> 0;
  }
  return (low.toString(36) + high.toString(36)).padEnd(ID_CHARS, "0").slice(0, ID_CHARS);
}

/** One id for each foreign id, different for different ones. */
class Renamer {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();

  reserve(id: unknown): void {
    if (typeof id === "string" && VALID.test(id)) this.#taken.add(id);
  }

  rename(id: string): string {
    if (VALID.test(id)) return id;
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    let salt = 0;
    let name = shorten(id, salt);
    while (this.#taken.has(name)) name = shorten(id, ++salt);
    this.#taken.add(name);
    this.#names.set(id, name);
    return name;
  }
}

function idsOf(message: JsonObject): readonly unknown[] {
  const calls = message["tool_calls"];
  return [message["tool_call_id"], ...(Array.isArray(calls) ? calls.map((call) => asFields(call)?.["id"]) : [])];
}

function renamed(message: JsonValue, renamer: Renamer): JsonValue {
  const fields = asFields(message) as JsonObject | undefined;
  if (fields === undefined) return message;
  const foreign = idsOf(fields).some((id) => typeof id === "string" && !VALID.test(id));
  if (!foreign) return message;
  const { tool_calls: calls, tool_call_id: answered } = fields;
  return {
    ...fields,
    ...(typeof answered === "string" ? { tool_call_id: renamer.rename(answered) } : {}),
    ...(Array.isArray(calls)
      ? {
          tool_calls: calls.map((call) => {
            const of = asFields(call) as JsonObject | undefined;
            return typeof of?.["id"] === "string" ? { ...of, id: renamer.rename(of["id"]) } : call;
          }),
        }
      : {}),
  };
}

/** Messages whose tool calls have ids that Mistral takes: those of a conversation that another provider began do not. The same array where nothing changes. */
export function withValidToolCallIds(messages: readonly JsonValue[]): readonly JsonValue[] {
  const renamer = new Renamer();
  for (const message of messages) {
    const fields = asFields(message) as JsonObject | undefined;
    if (fields !== undefined) idsOf(fields).forEach((id) => renamer.reserve(id));
  }
  const edited = messages.map((message) => renamed(message, renamer));
  return edited.every((message, index) => message === messages[index]) ? messages : edited;
}
