import { type OutputUnit, Validator } from "@cfworker/json-schema";
import { MillraceError } from "../../contract/millrace-error.ts";
import type { JsonObject, JsonValue } from "../../contract/json-value.ts";
import { findSchemaFault } from "../find-schema-fault.ts";
import { holdsRoleMarker } from "../template/role-marker.ts";

export interface CompiledVariables {
  /** Top-level variables that are strict, wholly or in part. */
  readonly strict: ReadonlySet<string>;
  /**
   * The variables with defaults filled in, nested ones too; the given object is not changed.
   * @throws MillraceError `invalid-variables` or `unsafe-interpolation`, `param` = `prompt.variables.<path>`.
   */
  resolve(variables: JsonObject): JsonObject;
}

/**
 * Prepares the variables' JSON Schema (2020-12), interpreted: Workers forbid generated code.
 * @throws MillraceError `invalid-prompt` with `param` = `variables` when it is not a schema of type object.
 */
export function compileVariables(schema: JsonObject): CompiledVariables {
  if (schema["type"] !== undefined && schema["type"] !== "object") throw invalidSchema("its type must be `object`");
  const validator = createValidator(schema);
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const strict = new Set(
    Object.entries(properties).flatMap(([name, property]) => (holdsStrict(property) ? [name] : [])),
  );
  return {
    strict,
    resolve(variables) {
      refuseUndeclared(schema, properties, variables);
      const filled = withDefaults(schema, variables);
      const resolved = isObject(filled) ? filled : {};
      const result = validateWithin(validator, resolved);
      if (!result.valid) throw invalidVariable(result.errors);
      for (const name of strict) refuseMarkers(properties[name], resolved[name], { path: name, strict: false });
      return resolved;
    },
  };
}

function createValidator(schema: JsonObject): Validator {
  const fault = findSchemaFault(schema);
  if (fault !== undefined) throw invalidSchema(fault);
  try {
    return new Validator(schema, "2020-12", true);
  } catch (error) {
    throw invalidSchema(error instanceof Error ? error.message : "it cannot be read", error);
  }
}

/** @throws MillraceError `invalid-variables` where the schema leads round in a circle on this very value */
function validateWithin(validator: Validator, value: JsonObject): ReturnType<Validator["validate"]> {
  try {
    return validator.validate(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MillraceError("invalid-variables", {
      message: "the variables' schema refers to itself without end",
      cause,
    });
  }
}

function invalidSchema(message: string, cause?: unknown): MillraceError {
  return new MillraceError("invalid-prompt", {
    message: `the variables' schema is not valid: ${message}`,
    param: "variables",
    cause,
  });
}

/** A variable that nobody declared is a typing error more often than an intention; only the schema's author may say otherwise. */
function refuseUndeclared(schema: JsonObject, properties: JsonObject, variables: JsonObject): void {
  const additional = schema["additionalProperties"];
  if (additional === true || isObject(additional) || isObject(schema["patternProperties"])) return;
  for (const name of Object.keys(variables)) {
    if (Object.hasOwn(properties, name)) continue;
    throw new MillraceError("invalid-variables", {
      message: `the prompt declares no variable \`${name}\``,
      param: `prompt.variables.${name}`,
    });
  }
}

function withDefaults(schema: JsonValue | undefined, value: JsonValue): JsonValue {
  if (!isObject(schema)) return value;
  if (Array.isArray(value)) {
    return isObject(schema["items"]) ? value.map((item) => withDefaults(schema["items"], item)) : value;
  }
  if (!isObject(value) || !isObject(schema["properties"])) return value;
  const filled: JsonObject = { ...value };
  for (const [name, property] of Object.entries(schema["properties"])) {
    const given = Object.hasOwn(value, name) ? value[name] : isObject(property) ? property["default"] : undefined;
    if (given !== undefined) defineOwn(filled, name, withDefaults(property, given));
  }
  return filled;
}

/** Assignment would call the setter of `__proto__`. */
function defineOwn(target: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}

function invalidVariable(errors: readonly OutputUnit[]): MillraceError {
  // The last error is the one at the leaf; those before it lead there.
  const leaf = errors.at(-1);
  const missing = leaf?.keyword === "required" ? /required property "(.*)"/.exec(leaf.error)?.[1] : undefined;
  const pointer = (leaf?.instanceLocation ?? "#").slice(1).split("/").slice(1).map(unescapePointer);
  const path = [...pointer, ...(missing === undefined ? [] : [missing])];
  const name = path.reduce((joined, part) => (/^\d+$/.test(part) ? `${joined}[${part}]` : `${joined}.${part}`), "");
  const subject = name === "" ? "the variables" : `the variable \`${name.slice(1)}\``;
  const message =
    missing === undefined ? inOurWords(leaf?.error ?? "Instance is invalid.", subject) : `${subject} is missing`;
  return new MillraceError("invalid-variables", { message, param: `prompt.variables${name}` });
}

const WRONG_TYPE = /^Instance type "(.*)" is invalid\. Expected (.*)\.$/;

/** The validator speaks of instances; its reader knows variables. */
function inOurWords(error: string, subject: string): string {
  const [, given, expected] = WRONG_TYPE.exec(error) ?? [];
  if (given !== undefined && expected !== undefined)
    return `${subject} is of type ${given}, expected ${expected.replaceAll('"', "").replaceAll(", ", " or ")}`;
  const words = error.replace(/\.$/, "");
  return words.startsWith("Instance ") ? subject + words.slice("Instance".length) : `${subject}: ${words}`;
}

function unescapePointer(part: string): string {
  return decodeURI(part).replaceAll("~1", "/").replaceAll("~0", "~");
}

function holdsStrict(schema: JsonValue | undefined): boolean {
  if (!isObject(schema)) return false;
  if (schema["x-strict"] === true || holdsStrict(schema["items"])) return true;
  return isObject(schema["properties"]) && Object.values(schema["properties"]).some(holdsStrict);
}

function refuseMarkers(
  schema: JsonValue | undefined,
  value: JsonValue | undefined,
  at: { readonly path: string; readonly strict: boolean },
): void {
  const { path } = at;
  const strict = at.strict || (isObject(schema) && schema["x-strict"] === true);
  if (typeof value === "string") {
    if (!strict || !holdsRoleMarker(value)) return;
    const message = `the strict variable \`${path}\` holds a role marker`;
    throw new MillraceError("unsafe-interpolation", { message, param: `prompt.variables.${path}` });
  }
  const parts = isObject(schema) ? schema : {};
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      refuseMarkers(parts["items"], item, { path: `${path}[${index}]`, strict });
  } else if (isObject(value)) {
    const properties = isObject(parts["properties"]) ? parts["properties"] : {};
    for (const [name, item] of Object.entries(value))
      refuseMarkers(properties[name], item, { path: `${path}.${name}`, strict });
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
