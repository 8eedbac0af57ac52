import { templateErrorAt } from "../template-error.ts";

export interface ExpressionToken {
  readonly kind: "name" | "string" | "number" | "symbol" | "end";
  /** The characters; of a string, without its quotes. */
  readonly text: string;
  readonly at: number;
}

const lexeme =
  /[ \t\r\n]*(?:([A-Za-z_][A-Za-z0-9_]*)|"([^"]*)"|'([^']*)'|(-?\d+(?:\.\d+)?)|(==|!=|<=|>=|[<>|()[\],.]))/y;
const space = /[ \t\r\n]*/y;

/**
 * The tokens of one expression (jinja-grammar.md, section 3); the last is `end`.
 * @param place where the expression stands in the whole template, for the errors' positions.
 * @throws MillraceError `template-error` for a character that no expression holds.
 */
export function lexExpression(text: string, place: { source: string; at: number }): readonly ExpressionToken[] {
  const tokens: ExpressionToken[] = [];
  let position = 0;
  for (;;) {
    space.lastIndex = position;
    space.exec(text);
    const start = space.lastIndex;
    if (start >= text.length) break;
    lexeme.lastIndex = start;
    const match = lexeme.exec(text);
    if (match === null) {
      throw templateErrorAt(`unexpected \`${text.charAt(start)}\``, place.source, place.at + start);
    }
    tokens.push({ ...classify(match), at: place.at + start });
    position = lexeme.lastIndex;
  }
  tokens.push({ kind: "end", text: "", at: place.at + text.length });
  return tokens;
}

function classify(match: RegExpExecArray): Omit<ExpressionToken, "at"> {
  const [, name, double, single, number, symbol] = match;
  if (name !== undefined) return { kind: "name", text: name };
  if (number !== undefined) return { kind: "number", text: number };
  if (symbol !== undefined) return { kind: "symbol", text: symbol };
  return { kind: "string", text: double ?? single ?? "" };
}
