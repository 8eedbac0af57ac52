import { stringify } from "yaml";
import { MillraceError } from "../../contract/millrace-error.ts";
import type { JsonObject, JsonValue } from "../../contract/json-value.ts";

/** Front matter and body as a file. */
export function writeFrontMatter(fields: JsonObject, body: string): string {
  return `---\n${stringify(fields, { lineWidth: 0 })}---\n${body}`;
}

/** Reads the fields of a front matter by type; a wrong type is refused with the line of its key. */
export class FrontMatterFields {
  readonly #source: string;
  readonly #fields: JsonObject;
  readonly #used = new Set<string>();

  constructor(source: string, fields: JsonObject) {
    this.#source = source;
    this.#fields = fields;
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === "string") return value;
    throw this.#wrongType(key, "a text");
  }

  object(key: string): JsonObject | undefined {
    const value = this.#take(key);
    if (value === undefined || isJsonObject(value)) return value;
    throw this.#wrongType(key, "a map");
  }

  any(key: string): JsonValue | undefined {
    return this.#take(key);
  }

  /** What nobody asked for. */
  rest(): JsonObject {
    return Object.fromEntries(Object.entries(this.#fields).filter(([key]) => !this.#used.has(key)));
  }

  #take(key: string): JsonValue | undefined {
    this.#used.add(key);
    return this.#fields[key] ?? undefined;
  }

  #wrongType(key: string, expected: string): MillraceError {
    const line = this.#source.split("\n").findIndex((text) => text.startsWith(`${key}:`)) + 1;
    const place = line > 0 ? ` (line ${line}, column 1)` : "";
    return new MillraceError("invalid-prompt", { message: `\`${key}\` is not ${expected}${place}`, param: key });
  }
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Leaves out what is undefined and, with it, maps that are empty. */
export function compact(fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || (isJsonObject(value) && Object.keys(value).length === 0)) continue;
    kept[key] = value;
  }
  return kept;
}
