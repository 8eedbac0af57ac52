import { templateErrorAt } from "../template-error.ts";

export type JinjaToken =
  | { readonly kind: "text"; readonly value: string }
  | {
      readonly kind: "statement" | "expression";
      /** What stands between the delimiters and trim markers. */
      readonly inner: string;
      readonly innerAt: number;
      readonly at: number;
    };

type RegionKind = "statement" | "expression" | "comment";
interface Region {
  readonly kind: RegionKind;
  readonly at: number;
  readonly innerAt: number;
  readonly innerEnd: number;
  readonly end: number;
  readonly trimBefore: boolean;
  readonly trimAfter: boolean;
}

const opening = /\{[{%#]/g;
const kinds: Readonly<Record<string, { kind: RegionKind; close: string }>> = {
  "{{": { kind: "expression", close: "}}" },
  "{%": { kind: "statement", close: "%}" },
  "{#": { kind: "comment", close: "#}" },
};

/**
 * Cuts a template into text and tags and applies the trim markers (jinja-grammar.md, section 2).
 * @throws MillraceError `template-error` for a tag that does not end.
 */
export function scanJinja(source: string): readonly JinjaToken[] {
  const tokens: JinjaToken[] = [];
  let position = 0;
  let trimStart = false;
  const pushText = (end: number, trimEnd: boolean) => {
    let text = source.slice(position, end);
    if (trimStart) text = text.replace(/^[ \t\r\n]+/, "");
    if (trimEnd) text = trimWhitespaceEnd(text);
    if (text !== "") tokens.push({ kind: "text", value: text });
  };
  for (;;) {
    opening.lastIndex = position;
    const match = opening.exec(source);
    if (match === null) break;
    const region = readRegion(source, match.index, match[0]);
    pushText(region.at, region.trimBefore);
    if (region.kind !== "comment") {
      const { kind, at, innerAt, innerEnd } = region;
      tokens.push({ kind, inner: source.slice(innerAt, innerEnd), innerAt, at });
    }
    position = region.end;
    trimStart = region.trimAfter;
  }
  pushText(source.length, false);
  return tokens;
}

/** `text.replace(/[ \t\r\n]+$/, "")` without its quadratic worst case. */
function trimWhitespaceEnd(text: string): string {
  let end = text.length;
  while (end > 0 && " \t\r\n".includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function readRegion(source: string, at: number, delimiter: string): Region {
  const { kind, close } = kinds[delimiter] ?? { kind: "expression", close: "}}" };
  const trimBefore = source[at + 2] === "-";
  const innerAt = at + (trimBefore ? 3 : 2);
  const closeAt = kind === "comment" ? source.indexOf(close, innerAt) : findClose(source, innerAt, close);
  if (closeAt < 0) throw templateErrorAt(`the tag does not end with \`${close}\``, source, at);
  const trimAfter = source[closeAt - 1] === "-" && closeAt - 1 >= innerAt;
  const innerEnd = trimAfter ? closeAt - 1 : closeAt;
  return { kind, at, innerAt, innerEnd, end: closeAt + 2, trimBefore, trimAfter };
}

/** The delimiter may stand inside a string literal of the tag without ending it. */
function findClose(source: string, from: number, close: string): number {
  let quote = "";
  for (let index = from; index < source.length; index++) {
    const character = source.charAt(index);
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === close[0] && source[index + 1] === close[1]) {
      return index;
    }
  }
  return -1;
}
