import { z } from "zod";
import { canonicalJson } from "../content/index.ts";
import { jsonValueSchema } from "../contract/index.ts";
import { componentSchemas } from "./components.ts";

export type JsonSchema = { [key: string]: unknown };
/** What callers send (`input`: a field with a default may be absent) or receive (`output`). */
export type Direction = "input" | "output";
type Forms = Readonly<Record<Direction, Readonly<Record<string, JsonSchema>>>>;
type Registry = z.core.$ZodRegistry<{ id: string }>;

const REF_PREFIX = "#/components/schemas/";

/** The schemas that operations send and receive: what is not reached from them is left out. */
export type ComponentRoots = Readonly<Record<Direction, readonly z.ZodType[]>>;

export interface Components {
  /** `components.schemas` of the document. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** A `$ref` for a named schema, or the schema in place for one without a name. */
  readonly schemaFor: (schema: z.ZodType, direction: Direction) => JsonSchema;
}

/** The named schemas as JSON Schema 2020-12. One that is both sent and received, in forms that differ, is there twice: `Name` and `NameInput`. */
export function buildComponents(roots: ComponentRoots): Components {
  const registry: Registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(componentSchemas)) registry.add(schema, { id });
  const forms: Forms = { input: convertRegistry(registry, "input"), output: convertRegistry(registry, "output") };
  const reached = {
    input: reachedNames(convertAll(registry, roots.input, "input"), forms.input),
    output: reachedNames(convertAll(registry, roots.output, "output"), forms.output),
  };
  const differing = namesThatDiffer(forms);
  const isSplit = (name: string) => differing.has(name) && reached.input.has(name) && reached.output.has(name);
  const rename = (schema: JsonSchema, direction: Direction) =>
    mapRefs(
      schema,
      (name) => REF_PREFIX + (direction === "input" && isSplit(name) ? `${name}Input` : name),
    ) as JsonSchema;

  const schemas: Record<string, JsonSchema> = {};
  for (const name of Object.keys(componentSchemas)) {
    if (reached.output.has(name)) schemas[name] = rename(forms.output[name] ?? {}, "output");
    if (reached.input.has(name)) {
      schemas[isSplit(name) ? `${name}Input` : name] = rename(forms.input[name] ?? {}, "input");
    }
  }
  return { schemas, schemaFor: (schema, direction) => rename(convert(registry, schema, direction), direction) };
}

function convertAll(registry: Registry, roots: readonly z.ZodType[], direction: Direction): JsonSchema[] {
  return roots.map((schema) => convert(registry, schema, direction));
}

function convert(registry: Registry, schema: z.ZodType, io: Direction): JsonSchema {
  const name = registry.get(schema)?.id;
  if (name !== undefined) return { $ref: REF_PREFIX + name };
  return withoutDialect(z.toJSONSchema(schema, { io, unrepresentable: "any", override: (node) => simplify(node, io) }));
}

function convertRegistry(registry: Registry, io: Direction): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: (id) => REF_PREFIX + id,
    unrepresentable: "any",
    override: (node) => simplify(node, io),
  });
  const entries = Object.entries(schemas).filter(([id]) => id !== "__shared");
  return Object.fromEntries(entries.map(([id, schema]) => [id, withoutDialect(schema)]));
}

/** Leaves out what says nothing to a reader, and keeps answers open: a client must bear fields that come later. */
function simplify(
  node: { zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema },
  io: Direction,
): void {
  const { zodSchema, jsonSchema } = node;
  if (Object.is(zodSchema, jsonValueSchema)) {
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    jsonSchema.description = "Any JSON value.";
  }
  if (io === "output" && zodSchema._zod.def.type === "object" && zodSchema._zod.def.catchall === undefined) {
    delete jsonSchema.additionalProperties;
  }
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (canonicalJson(jsonSchema.propertyNames ?? null) === '{"type":"string"}') delete jsonSchema.propertyNames;
}

/** OpenAPI 3.1 names the dialect once for the document; `$id` would change what the references are relative to. */
function withoutDialect(schema: z.core.JSONSchema.BaseSchema): JsonSchema {
  const { $schema: _dialect, $id: _id, "~standard": _standard, ...rest } = schema;
  return rest;
}

/** Names whose two forms differ, themselves or through what they refer to. */
function namesThatDiffer(forms: Forms): ReadonlySet<string> {
  const names = Object.keys(forms.output);
  const own = names.filter((name) => canonicalJson(forms.input[name] ?? null) !== canonicalJson(forms.output[name]));
  const differs = new Set(own);
  for (let before = -1; before !== differs.size;) {
    before = differs.size;
    for (const name of names) {
      if (referredNames(forms.output[name]).some((referred) => differs.has(referred))) differs.add(name);
    }
  }
  return differs;
}

function reachedNames(
  roots: readonly JsonSchema[],
  schemas: Readonly<Record<string, JsonSchema>>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const queue = roots.flatMap(referredNames);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    queue.push(...referredNames(schemas[name]));
  }
  return reached;
}

function referredNames(schema: unknown): string[] {
  const names: string[] = [];
  mapRefs(schema, (name) => {
    names.push(name);
    return name;
  });
  return names;
}

function mapRefs(value: unknown, toRef: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapRefs(item, toRef));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => {
    const isRef = key === "$ref" && typeof member === "string" && member.startsWith(REF_PREFIX);
    return [key, isRef ? toRef(member.slice(REF_PREFIX.length)) : mapRefs(member, toRef)];
  });
  return Object.fromEntries(entries);
}
