export type SchemaNode = Readonly<Record<string, unknown>>;
export type NamedSchemas = Readonly<Record<string, SchemaNode>>;

const REF_PREFIX = "#/components/schemas/";

export function isSchemaNode(value: unknown): value is SchemaNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The name that a `$ref` points at, or undefined for a schema in place. */
export function referredName(schema: SchemaNode): string | undefined {
  const ref = schema["$ref"];
  return typeof ref === "string" && ref.startsWith(REF_PREFIX) ? ref.slice(REF_PREFIX.length) : undefined;
}

/** Follows `$ref`s to the schema itself. */
export function resolveSchema(schema: SchemaNode, named: NamedSchemas): SchemaNode {
  const name = referredName(schema);
  const target = name === undefined ? undefined : named[name];
  return target === undefined ? schema : resolveSchema(target, named);
}

/** The arms of a union, without the `null` arm, which the type's words say. */
export function armsOf(schema: SchemaNode): readonly SchemaNode[] {
  const arms = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(arms) ? arms.filter(isSchemaNode).filter((arm) => arm["type"] !== "null") : [];
}

function hasNullArm(schema: SchemaNode): boolean {
  const arms = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(arms) && arms.some((arm) => isSchemaNode(arm) && arm["type"] === "null");
}

/** A type in a few words: `string`, `"auto" | "low"`, `array of ChatMessage`, `number or null`. */
export function describeType(schema: SchemaNode, named: NamedSchemas): string {
  const name = referredName(schema);
  if (name !== undefined)
    return isSimple(resolveSchema(schema, named)) ? describeType(resolveSchema(schema, named), named) : wordFor(name);
  const arms = armsOf(schema);
  if (arms.length > 0) {
    const words = [...new Set(arms.map((arm) => describeType(arm, named)))];
    return [...(words.length > 4 ? ["one of several forms"] : words), ...(hasNullArm(schema) ? ["null"] : [])].join(
      " or ",
    );
  }
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema["const"]);
  const type = schema["type"];
  if (type === "array")
    return `array of ${isSchemaNode(schema["items"]) ? describeType(schema["items"], named) : "any value"}`;
  if (type === "object") return isMap(schema) ? mapWords(schema, named) : "object";
  if (Array.isArray(type)) return type.join(" or ");
  return typeof type === "string" ? type : "any JSON value";
}

/** `JsonValue` and its like are not words a reader should have to look up. */
function wordFor(name: string): string {
  return name === "JsonValue" ? "any JSON value" : name.replace(/Input$/, "");
}

function isSimple(schema: SchemaNode): boolean {
  return !("properties" in schema) && armsOf(schema).length === 0 && schema["type"] !== undefined;
}

function isMap(schema: SchemaNode): boolean {
  return !("properties" in schema) && isSchemaNode(schema["additionalProperties"]);
}

function mapWords(schema: SchemaNode, named: NamedSchemas): string {
  const member = schema["additionalProperties"];
  const word = isSchemaNode(member) ? describeType(member, named) : "any JSON value";
  return word === "any JSON value" ? "JSON object" : `map to ${word}`;
}

/** Bounds and default in words: `0 to 2`, `at most 128 items`, `default "dotprompt"`. */
export function describeBounds(schema: SchemaNode): string {
  const [only, ...others] = armsOf(schema);
  const bounded = only !== undefined && others.length === 0 ? { ...only, ...schema } : schema;
  const value = (keyword: string) => (bounded[keyword] === undefined ? undefined : JSON.stringify(bounded[keyword]));
  const phrase = (words: string, keyword: string, unit = "") => {
    const bound = value(keyword);
    return bound === undefined ? [] : [`${words} ${bound}${unit}`];
  };
  const [minimum, maximum] = [value("minimum"), value("maximum")];
  const range =
    minimum !== undefined && maximum !== undefined
      ? [`${minimum} to ${maximum}`]
      : [...phrase("at least", "minimum"), ...phrase("more than", "exclusiveMinimum"), ...phrase("at most", "maximum")];
  return [
    ...range,
    ...phrase("at most", "maxLength", " characters"),
    ...phrase("at most", "maxItems", " items"),
    ...phrase("default", "default"),
  ].join(", ");
}
