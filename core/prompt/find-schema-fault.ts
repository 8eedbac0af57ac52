import type { JsonObject, JsonValue } from "../contract/json-value.ts";
import { MAX_JSON_DEPTH } from "../contract/limits.ts";
import { findPatternFault } from "./find-pattern-fault.ts";

const typeNames = new Set(["null", "boolean", "object", "array", "number", "string", "integer"]);
const schemaKeywords = ["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"];
const schemaListKeywords = ["allOf", "anyOf", "oneOf", "prefixItems"];
const schemaMapKeywords = ["properties", "patternProperties", "$defs", "dependentSchemas"];
const numberKeywords = [
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
];

/**
 * The first thing that keeps a value from being a JSON Schema (2020-12) that can be used here, or undefined. Validators are
 * lenient: without this, a misspelt type or a dangling `$ref` shows only on some request. References stay within the schema.
 */
export function findSchemaFault(schema: JsonValue): string | undefined {
  return faultIn(schema, { root: schema, path: "#", depth: 0 });
}

interface Place {
  readonly root: JsonValue;
  readonly path: string;
  readonly depth: number;
}

function faultIn(schema: JsonValue, place: Place): string | undefined {
  if (typeof schema === "boolean") return undefined;
  if (!isObject(schema)) return `${place.path} is not a schema`;
  if (place.depth > MAX_JSON_DEPTH) return `${place.path} is nested too deeply`;
  const own = keywordFault(schema, place.root);
  if (own !== undefined) return `${place.path}: ${own}`;
  for (const [path, child] of childSchemas(schema)) {
    const fault = faultIn(child, { root: place.root, path: `${place.path}/${path}`, depth: place.depth + 1 });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function keywordFault(schema: JsonObject, root: JsonValue): string | undefined {
  const { type, required, $ref } = schema;
  const types = type === undefined ? [] : Array.isArray(type) ? type : [type];
  const wrongType = types.find((name) => typeof name !== "string" || !typeNames.has(name));
  if (wrongType !== undefined) return `there is no type ${JSON.stringify(wrongType)}`;
  if (required !== undefined && !isTextList(required)) return "`required` is not a list of names";
  if ($ref !== undefined && !resolves($ref, root))
    return `\`$ref\` ${JSON.stringify($ref)} leads nowhere in the schema`;
  if (appliesToItself(schema, { root, above: new Set() })) return "it refers to itself and to nothing else";
  return shapeFault(schema) ?? patternFault(schema);
}

function shapeFault(schema: JsonObject): string | undefined {
  const shapes = [
    { keywords: schemaMapKeywords, fits: isObject, shape: "an object" },
    { keywords: [...schemaListKeywords, "enum"], fits: Array.isArray, shape: "a list" },
    { keywords: numberKeywords, fits: (value: JsonValue) => typeof value === "number", shape: "a number" },
  ];
  for (const { keywords, fits, shape } of shapes) {
    for (const keyword of keywords) {
      const value = schema[keyword];
      if (value !== undefined && !fits(value)) return `\`${keyword}\` is not ${shape}`;
    }
  }
  return undefined;
}

function patternFault(schema: JsonObject): string | undefined {
  const named = isObject(schema["patternProperties"]) ? Object.keys(schema["patternProperties"]) : [];
  const patterns = schema["pattern"] === undefined ? named : [schema["pattern"], ...named];
  for (const pattern of patterns) {
    const fault = typeof pattern === "string" ? findPatternFault(pattern) : "`pattern` is not text";
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function* childSchemas(schema: JsonObject): Generator<readonly [string, JsonValue]> {
  for (const keyword of schemaKeywords) {
    const child = schema[keyword];
    if (child !== undefined) yield [keyword, child];
  }
  for (const keyword of [...schemaListKeywords, ...schemaMapKeywords]) {
    const children = schema[keyword];
    if (typeof children !== "object" || children === null) continue;
    for (const [name, child] of Object.entries(children)) yield [`${keyword}/${name}`, child];
  }
}

/**
 * Whether a chain of references leads back to its start without a step into the value: a validator would follow it forever. A reference
 * through `properties` or `items` (a tree) ends with the value.
 */
function appliesToItself(
  schema: JsonValue | undefined,
  { root, above }: { readonly root: JsonValue; readonly above: ReadonlySet<JsonValue> },
): boolean {
  if (!isObject(schema) || schema["$ref"] === undefined) return false;
  if (above.has(schema)) return true;
  return appliesToItself(targetOf(schema["$ref"], root), { root, above: new Set([...above, schema]) });
}

function resolves(reference: JsonValue, root: JsonValue): boolean {
  return targetOf(reference, root) !== undefined;
}

function targetOf(reference: JsonValue, root: JsonValue): JsonValue | undefined {
  if (typeof reference !== "string" || !(reference === "#" || reference.startsWith("#/"))) return undefined;
  let target: JsonValue | undefined = root;
  for (const part of reference.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    target =
      typeof target === "object" && target !== null && Object.hasOwn(target, name)
        ? Reflect.get(target, name)
        : undefined;
  }
  return target;
}

function isTextList(value: JsonValue): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
