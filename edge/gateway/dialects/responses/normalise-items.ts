import { type JsonObject, MillraceError } from "@millrace/core/contract";
import { itemIdOf } from "./item-ids.ts";

function textPart(role: unknown, text: string): JsonObject {
  return role === "assistant"
    ? { type: "output_text", text, annotations: [], logprobs: [] }
    : { type: "input_text", text };
}

function withDetail(part: JsonObject): JsonObject {
  return part["type"] === "input_image" ? { ...part, detail: part["detail"] ?? "auto" } : part;
}

function message(item: JsonObject): JsonObject {
  const { role, content } = item;
  const parts =
    typeof content === "string"
      ? [textPart(role, content)]
      : Array.isArray(content)
        ? content.map((part) => withDetail(part as JsonObject))
        : [];
  return { ...item, type: "message", content: parts, status: item["status"] ?? "completed" };
}

/** An item with its type, its id and, in a message, its parts: as it is kept and listed. */
function normalise(item: JsonObject, traceId: string, index: number): JsonObject {
  const type =
    typeof item["type"] === "string" ? item["type"] : item["role"] === undefined ? "item_reference" : "message";
  if (type === "item_reference") return { ...item, type };
  const given = item["id"];
  const id = typeof given === "string" && given !== "" ? given : itemIdOf(traceId, type, { part: "i", index });
  if (type === "message") return { ...message(item), id };
  return type === "reasoning" ? { ...item, type, id } : { ...item, type, id, status: item["status"] ?? "completed" };
}

/** @throws MillraceError `invalid-request` for an input that is neither text nor items. */
export function normaliseInput(input: unknown, traceId: string): JsonObject[] {
  if (input === undefined || input === null) return [];
  const items = typeof input === "string" ? [{ role: "user", content: input }] : input;
  if (!Array.isArray(items)) throw new MillraceError("invalid-request", { param: "input" });
  return items.map((item, index) => normalise(item as JsonObject, traceId, index));
}
