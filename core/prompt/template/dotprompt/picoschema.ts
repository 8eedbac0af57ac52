import { MillraceError } from "../../../contract/millrace-error.ts";
import type { JsonObject, JsonValue } from "../../../contract/json-value.ts";
import { MAX_JSON_DEPTH } from "../../../contract/limits.ts";

const scalars = new Set(["any", "boolean", "integer", "null", "number", "string"]);
const schemaTypes = new Set([...scalars, "object", "array"]);
const wildcard = "(*)";

/** Schemas that a picoschema may name. */
export type NamedSchemas = Readonly<Record<string, JsonObject>>;

/**
 * Turns a picoschema into a JSON Schema; a JSON Schema passes as it is (google/dotprompt, docs/reference/picoschema).
 * @throws MillraceError `invalid-prompt` for an unknown type or a malformed field.
 */
export function picoschemaToJsonSchema(schema: JsonValue, named: NamedSchemas = {}): JsonObject {
  if (typeof schema === "string") return fromText(schema, named, { bareAny: false });
  if (!isObject(schema)) throw invalid(`expected a name or an object, found ${JSON.stringify(schema)}`);
  if (typeof schema["type"] === "string" && schemaTypes.has(schema["type"])) return schema;
  if (isObject(schema["properties"])) return { ...schema, type: "object" };
  return fromPico(schema, named, 0);
}

function fromPico(schema: JsonValue | undefined, named: NamedSchemas, depth: number): JsonObject {
  if (depth > MAX_JSON_DEPTH) throw invalid("it is nested too deeply");
  if (typeof schema === "string") return fromText(schema, named, { bareAny: true });
  if (!isObject(schema)) throw invalid(`expected a name or an object, found ${JSON.stringify(schema)}`);
  const properties: JsonObject = {};
  const required: string[] = [];
  let additionalProperties: JsonValue = false;
  for (const [key, value] of Object.entries(schema)) {
    if (key === wildcard) {
      additionalProperties = fromPico(value, named, depth + 1);
      continue;
    }
    const field = parseKey(key);
    if (!field.optional) required.push(field.name);
    const property = fieldSchema(field, value, (inner) => fromPico(inner, named, depth + 1));
    properties[field.name] =
      field.description === undefined ? property : { ...property, description: field.description };
  }
  return {
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties,
  };
}

interface PicoField {
  readonly name: string;
  readonly optional: boolean;
  readonly type: string | undefined;
  readonly description: string | undefined;
}

function parseKey(key: string): PicoField {
  const paren = key.indexOf("(");
  const head = paren < 0 ? key : key.slice(0, paren);
  const optional = head.endsWith("?");
  const name = optional ? head.slice(0, -1) : head;
  if (paren < 0) return { name, optional, type: undefined, description: undefined };
  if (!key.endsWith(")")) throw invalid(`\`${key}\` lacks a closing parenthesis`);
  const [type, description] = splitDescription(key.slice(paren + 1, -1));
  return { name, optional, type, description };
}

function fieldSchema(field: PicoField, value: JsonValue, inner: (value: JsonValue) => JsonObject): JsonObject {
  switch (field.type) {
    case undefined:
      return field.optional ? nullable(inner(value)) : inner(value);
    case "object":
      return field.optional ? nullable(inner(value)) : inner(value);
    case "array":
      return { type: field.optional ? ["array", "null"] : "array", items: inner(value) };
    case "enum":
      if (!Array.isArray(value)) throw invalid(`\`${field.name}\` needs a list of values`);
      return { enum: field.optional && !value.includes(null) ? [...value, null] : value };
    default:
      throw invalid(`\`${field.name}\` has the unknown kind \`${field.type}\``);
  }
}

function nullable(schema: JsonObject): JsonObject {
  return typeof schema["type"] === "string" ? { ...schema, type: [schema["type"], "null"] } : schema;
}

function fromText(text: string, named: NamedSchemas, options: { bareAny: boolean }): JsonObject {
  const [type, description] = splitDescription(text);
  const extra = description === undefined ? {} : { description };
  if (type === "any" && options.bareAny) return extra;
  if (scalars.has(type)) return { type, ...extra };
  const schema = Object.hasOwn(named, type) ? named[type] : undefined;
  if (schema === undefined) throw invalid(`there is no type \`${type}\``);
  return { ...schema, ...extra };
}

/** Only the first comma divides: a description may hold more. */
function splitDescription(text: string): readonly [string, string | undefined] {
  const comma = text.indexOf(",");
  return comma < 0 ? [text.trim(), undefined] : [text.slice(0, comma).trim(), text.slice(comma + 1).trim()];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): MillraceError {
  return new MillraceError("invalid-prompt", { message: `picoschema: ${message}` });
}
