import { MillraceError } from "../../contract/millrace-error.ts";
import type { JsonObject, JsonValue } from "../../contract/json-value.ts";
import { isJsonObject } from "./front-matter.ts";

/** Prompty's kinds and JSON Schema's types. */
const typesByKind: Readonly<Record<string, string>> = {
  string: "string",
  integer: "integer",
  float: "number",
  number: "number",
  boolean: "boolean",
  array: "array",
  object: "object",
};
const kindsByType: Readonly<Record<string, string>> = {
  string: "string",
  integer: "integer",
  number: "float",
  boolean: "boolean",
  array: "array",
  object: "object",
};

export interface PromptyProperties {
  readonly schema: JsonObject | undefined;
  /** Inputs that hold a conversation: not variables but the history. */
  readonly threads: readonly string[];
}

/**
 * The `inputs` or `outputs` of a Prompty file (a list with names, or a map) as a JSON Schema of type object.
 * @throws MillraceError `invalid-prompt` for a malformed property.
 */
export function schemaFromProperties(value: JsonValue | undefined): PromptyProperties {
  if (value === undefined) return { schema: undefined, threads: [] };
  const properties: JsonObject = {};
  const required: string[] = [];
  const threads: string[] = [];
  for (const [name, property] of namedProperties(value)) {
    if (isJsonObject(property) && property["kind"] === "thread") {
      threads.push(name);
      continue;
    }
    const {
      kind,
      required: isRequired,
      enumValues,
      ...rest
    } = isJsonObject(property) ? property : { kind: "string", default: property };
    properties[name] = {
      ...(typeof kind === "string" && Object.hasOwn(typesByKind, kind) ? { type: typesByKind[kind] ?? "string" } : {}),
      ...(enumValues === undefined ? {} : { enum: enumValues }),
      ...rest,
    };
    if (isRequired === true) required.push(name);
  }
  return { schema: { type: "object", properties, ...(required.length === 0 ? {} : { required }) }, threads };
}

function namedProperties(value: JsonValue): readonly (readonly [string, JsonValue])[] {
  if (isJsonObject(value)) return Object.entries(value);
  if (!Array.isArray(value)) throw invalid("expected a list or a map of properties");
  return value.map((item) => {
    if (!isJsonObject(item) || typeof item["name"] !== "string") throw invalid("each property needs a name");
    const { name, ...property } = item;
    return [name, property] as const;
  });
}

/** The reverse, or undefined when the schema says more than Prompty's properties can. */
export function propertiesFromSchema(schema: JsonObject): JsonObject[] | undefined {
  const { type, properties, required = [], ...rest } = schema;
  if (type !== "object" || !isJsonObject(properties) || !Array.isArray(required) || Object.keys(rest).length > 0)
    return undefined;
  const list: JsonObject[] = [];
  for (const [name, property] of Object.entries(properties)) {
    if (!isJsonObject(property)) return undefined;
    const { type: propertyType, ...fields } = property;
    const kind = typeof propertyType === "string" ? kindsByType[propertyType] : undefined;
    if (kind === undefined) return undefined;
    list.push({ name, kind, ...(required.includes(name) ? { required: true } : {}), ...fields });
  }
  return list;
}

function invalid(message: string): MillraceError {
  return new MillraceError("invalid-prompt", { message: `inputs and outputs: ${message}` });
}
