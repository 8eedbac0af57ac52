import type { JsonObject, JsonValue } from "../../contract/json-value.ts";
import type { PromptContent } from "../../contract/prompt.ts";

/**
 * A version with the properties of its schemas in one order: as `required` lists them, then the others by name. A model writes a JSON
 * answer in the order of the schema, so the order shapes the answer; but a content address knows no order of keys, and neither does what
 * is stored under one. `required` is a list, so its order is the author's and is part of the address.
 */
export function orderSchemas(content: PromptContent): PromptContent {
  const { output, settings } = content;
  return {
    ...content,
    ...(output === undefined ? {} : { output: { ...output, schema: ordered(output.schema) } }),
    ...(settings.tools === undefined ? {} : { settings: { ...settings, tools: settings.tools.map(ordered) } }),
  };
}

function ordered(schema: JsonObject): JsonObject {
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [
      keyword,
      keyword === "properties" && isObject(value) ? inOrder(value, required) : descend(value),
    ]),
  );
}

function inOrder(properties: JsonObject, required: readonly string[]): JsonObject {
  const rank = new Map(required.map((name, index) => [name, index]));
  const place = (name: string) => rank.get(name) ?? required.length;
  const byOrder = ([a]: [string, JsonValue], [b]: [string, JsonValue]) => place(a) - place(b) || (a < b ? -1 : 1);
  return Object.fromEntries(
    Object.entries(properties)
      .sort(byOrder)
      .map(([name, value]) => [name, descend(value)]),
  );
}

function descend(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(descend);
  return isObject(value) ? ordered(value) : value;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
