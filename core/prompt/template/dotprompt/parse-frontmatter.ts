import { type Document, LineCounter, parseDocument } from "yaml";
import { MillraceError } from "../../../contract/millrace-error.ts";
import { type JsonObject, jsonObjectSchema } from "../../../contract/json-value.ts";

/** A licence comment may stand before the front matter (google/dotprompt js/src/parse.ts). */
const frontmatterAndBody =
  /^(?:(?:#[^\n]*|[ \t]*)\n)*---[^\S\r\n]*(?:\r\n|\r|\n)(?:([\s\S]*?)(?:\r\n|\r|\n))??---[^\S\r\n]*(?:(?:\r\n|\r|\n)([\s\S]*))?$/;
/** YAML's aliases can multiply a small file; a prompt has no use for more. */
const MAX_YAML_ALIASES = 100;

export interface FrontmatterFile {
  readonly frontmatter: JsonObject;
  readonly body: string;
  /** Lines before the body's first one. */
  readonly bodyLine: number;
}

/**
 * Splits a file into YAML front matter (safe schema, no custom tags) and body; without front matter, everything is body.
 * @throws MillraceError `invalid-prompt` with line and column for malformed YAML.
 */
export function parseFrontmatter(source: string): FrontmatterFile {
  const match = frontmatterAndBody.exec(source);
  if (match === null) return { frontmatter: {}, body: source, bodyLine: 0 };
  const [, yamlText = "", body = ""] = match;
  const yamlAt = source.indexOf("---") + 3;
  const linesBefore = source.slice(0, yamlAt).split("\n").length;
  const frontmatter = yamlText.trim() === "" ? {} : parseYaml(yamlText, linesBefore);
  const bodyLine = source.slice(0, source.length - body.length).split("\n").length - 1;
  return { frontmatter, body, bodyLine };
}

function parseYaml(text: string, linesBefore: number): JsonObject {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, schema: "core", customTags: [], uniqueKeys: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) {
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    const [message = "malformed YAML"] = problem.message.split(/ at line \d/);
    throw invalid(`${message} (line ${line + linesBefore}, column ${col})`, problem);
  }
  const parsed = jsonObjectSchema.safeParse(toPlain(document));
  if (!parsed.success) throw invalid("the front matter is not a map of plain values (line 1, column 1)");
  return parsed.data;
}

function toPlain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_YAML_ALIASES }) ?? {};
  } catch (error) {
    throw invalid("the front matter uses too many or circular YAML aliases (line 1, column 1)", error);
  }
}

function invalid(message: string, cause?: unknown): MillraceError {
  return new MillraceError("invalid-prompt", { message, cause });
}
