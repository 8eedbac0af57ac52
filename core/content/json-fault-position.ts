const SPACE = /[ \t\n\r]*/y;
const TOKEN =
  /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|[[\]{},:]/uy;

/** What may come next: a value, a value or `]`, a key, a key or `}`, `:`, `,` or the closing bracket. */
type Expected = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end";

/**
 * Where a text stops being JSON (RFC 8259): the offset, in UTF-16 units, of the first token that cannot stand there; the length when it breaks
 * off too early; undefined when it is JSON. JavaScript engines tell the position for some faults only.
 */
export function jsonFaultPosition(text: string): number | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    const next: Expected | "done" | undefined = token === undefined ? undefined : step(token, expected, open);
    if (next === undefined) return at;
    if (next === "done") {
      const rest = skipSpace(text, TOKEN.lastIndex);
      return rest === text.length ? undefined : rest;
    }
    expected = next;
    at = TOKEN.lastIndex;
  }
  return text.length;
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
}

/** The state after a token, or undefined when it cannot stand here. Keeps the stack of open brackets. */
function step(token: string, expected: Expected, open: ("{" | "[")[]): Expected | "done" | undefined {
  if (token === "]" || token === "}") return close(token, expected, open);
  if (token === ":") return expected === "colon" ? "value" : undefined;
  if (token === ",") return expected === "comma-or-end" ? afterComma(open) : undefined;
  if (expected.startsWith("key")) return token.startsWith('"') ? "colon" : undefined;
  return expected.startsWith("value") ? afterValue(token, open) : undefined;
}

function afterComma(open: readonly string[]): Expected {
  return open.at(-1) === "{" ? "key" : "value";
}

function afterValue(token: string, open: ("{" | "[")[]): Expected | "done" {
  if (token === "{" || token === "[") {
    open.push(token);
    return token === "{" ? "key-or-end" : "value-or-end";
  }
  return open.length === 0 ? "done" : "comma-or-end";
}

function close(token: "]" | "}", expected: Expected, open: ("{" | "[")[]): Expected | "done" | undefined {
  const matches = token === "]" ? open.at(-1) === "[" : open.at(-1) === "{";
  const empty = token === "]" ? "value-or-end" : "key-or-end";
  if (!matches || (expected !== "comma-or-end" && expected !== empty)) return undefined;
  open.pop();
  return open.length === 0 ? "done" : "comma-or-end";
}
