import type { PromptChange } from "@millrace/core/contract";
import type { Painter } from "./painter.ts";
import { safeText } from "./safe-text.ts";

const SIGNS = { added: "+", removed: "-", changed: "~", moved: ">" } as const;
const STYLES = { added: "green", removed: "red", changed: "yellow", moved: "cyan" } as const;

/** Changes by meaning, with words coloured; without colour, removed words are [-so-] and added ones {+so+}. */
export function renderChanges(paint: Painter, changes: readonly PromptChange[]): string {
  return changes.map((change) => renderChange(paint, change)).join("");
}

function renderChange(paint: Painter, change: PromptChange): string {
  const head = paint(STYLES[change.kind], `${SIGNS[change.kind]} ${change.path}`);
  const body = change.words === undefined ? renderValues(paint, change) : renderWords(paint, change.words);
  return body === "" ? `${head}\n` : `${head}\n${indent(body)}\n`;
}

function renderValues(paint: Painter, change: PromptChange): string {
  if (change.kind === "moved") return `${showValue(change.before)} → ${showValue(change.after)}`;
  const before = change.before === undefined ? [] : [paint("red", prefixLines("- ", showValue(change.before)))];
  const after = change.after === undefined ? [] : [paint("green", prefixLines("+ ", showValue(change.after)))];
  return [...before, ...after].join("\n");
}

function renderWords(paint: Painter, words: NonNullable<PromptChange["words"]>): string {
  const plain = paint("red", "x") === "x";
  return words
    .map(({ op, text }) => {
      const safe = safeText(text);
      if (op === "same") return safe;
      if (plain) return op === "added" ? `{+${safe}+}` : `[-${safe}-]`;
      return op === "added" ? paint(["green", "underline"], safe) : paint(["red", "strikethrough"], safe);
    })
    .join("");
}

function showValue(value: unknown): string {
  return safeText(typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));
}

function prefixLines(prefix: string, text: string): string {
  return text
    .split("\n")
    .map((line) => prefix + line)
    .join("\n");
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
