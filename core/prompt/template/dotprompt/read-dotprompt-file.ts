import type { JsonObject, JsonValue } from "../../../contract/json-value.ts";
import { parseFrontmatter } from "./parse-frontmatter.ts";
import { type NamedSchemas, picoschemaToJsonSchema } from "./picoschema.ts";

/** The keys of the front matter that the format defines; one with a dot is an extension, any other is kept raw. */
const definedKeys = new Set([
  "config",
  "description",
  "ext",
  "input",
  "metadata",
  "model",
  "name",
  "output",
  "toolDefs",
  "tools",
  "variant",
  "version",
]);

export interface DotpromptFile {
  /** The defined keys, with picoschemas turned into JSON Schemas, and `ext`: namespace → field → value. */
  readonly metadata: JsonObject;
  /** The front matter as it stands. */
  readonly raw: JsonObject;
  readonly template: string;
  /** Lines of the file before the template's first one. */
  readonly templateLine: number;
}

/**
 * Reads a `.prompt` file.
 * @throws MillraceError `invalid-prompt` with the place of the fault.
 */
export function readDotpromptFile(source: string, named: NamedSchemas = {}): DotpromptFile {
  const { frontmatter: raw, body, bodyLine } = parseFrontmatter(source);
  const metadata: JsonObject = {};
  const ext: { [namespace: string]: JsonObject } = {};
  for (const [key, value] of Object.entries(raw)) {
    if (definedKeys.has(key)) metadata[key] = value;
    const dot = key.lastIndexOf(".");
    if (dot > 0) (ext[key.slice(0, dot)] ??= {})[key.slice(dot + 1)] = value;
  }
  for (const key of ["input", "output"]) {
    const section = metadata[key];
    if (isObject(section) && section["schema"] !== undefined && section["schema"] !== null) {
      metadata[key] = { ...section, schema: picoschemaToJsonSchema(section["schema"], named) };
    }
  }
  if (Object.keys(ext).length > 0) metadata["ext"] = ext;
  const hasFrontmatter = bodyLine > 0;
  const leading = hasFrontmatter ? body.length - body.trimStart().length : 0;
  const templateLine = bodyLine + body.slice(0, leading).split("\n").length - 1;
  return { metadata, raw, template: hasFrontmatter ? body.trim() : body, templateLine };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
