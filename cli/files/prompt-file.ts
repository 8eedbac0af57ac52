import { promptContentSchema, type PromptContent } from "@millrace/core/contract";
import { Document, isMap, LineCounter, parseDocument, Scalar, visit } from "yaml";
import { CliError } from "../cli-error.ts";

/** The end of a prompt file's name. */
export const PROMPT_SUFFIX = ".prompt";

/**
 * A version's content from its file form: YAML with the fields of the contract. Comments are the author's and are not stored.
 * @throws CliError `invalid-prompt` with the line and column of the first fault.
 */
export function parsePromptFile(source: string, file: string): PromptContent {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw invalid({ file, line, col }, broken.message.split("\n")[0] ?? broken.message, broken);
  }
  const parsed = promptContentSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? []).map((key) => (typeof key === "symbol" ? String(key) : key));
  const { line, col } = lines.linePos(offsetOf(document, path));
  throw invalid(
    { file, line, col },
    `${path.join(".") || "the file"}: ${issue?.message ?? "not a prompt"}`,
    parsed.error,
  );
}

/** The file form of a version's content: fields in the order in which they are read, long text as blocks. */
export function formatPromptFile(content: PromptContent): string {
  const defaults = promptContentSchema.parse({ settings: content.settings });
  const fields = Object.entries(content).filter(([name, value]) => {
    const fallback: unknown = Object.entries(defaults).find(([key]) => key === name)?.[1];
    return name === "settings" || JSON.stringify(value) !== JSON.stringify(fallback);
  });
  const document = new Document(Object.fromEntries(fields));
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === "string" && node.value.includes("\n")) node.type = Scalar.BLOCK_LITERAL;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** What a new prompt begins with. */
export function starterContent(model: string): PromptContent {
  return promptContentSchema.parse({
    system: "You are a helpful assistant at {{company}}.\nAnswer the user's message.\n",
    constraints: ["Use a friendly tone."],
    variables: { type: "object", properties: { company: { type: "string" } }, required: ["company"] },
    settings: { model, temperature: 0 },
  });
}

/** Where the deepest part of the path that the file has begins. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range))
      return Number(node.range[0]);
    const parent: unknown = length === 0 ? undefined : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent) && parent.range) return parent.range[0];
  }
  return 0;
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly col: number;
}

function invalid({ file, line, col }: Place, what: string, cause: unknown): CliError {
  return new CliError({
    code: "invalid-prompt",
    message: `${file}:${line}:${col}: ${what}`,
    remedy: "Correct the file there; nothing of it was stored.",
    cause,
  });
}
