/** Where JSON text stops being JSON. */
export interface JsonFault {
  /** Offset in UTF-16 code units, from 0. */
  readonly position: number;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** What would have been right there. */
  readonly expected: string;
}

const LITERAL = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const BLANK = /[ \t\n\r]*/y;

type Expectation = "value" | "first-value" | "key" | "first-key" | "colon" | "next" | "end";
const words: Record<Expectation, string> = {
  value: "a value",
  "first-value": "a value or ]",
  key: "a quoted name",
  "first-key": "a quoted name or }",
  colon: ":",
  next: ", or the closing bracket",
  end: "the end",
};

/** Where a pattern that must match right here ends, or undefined. */
function match(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** Where the string that opens at `at` ends. A loop, because a pattern over megabytes of text overflows the engine's stack. */
function endOfString(text: string, start: number): number | undefined {
  if (text[start] !== '"') return undefined;
  let at: number | undefined = start + 1;
  while (at !== undefined && at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    // RFC 8259, section 7: control characters may not stand bare in a string.
    if (code < 0x20) return undefined;
    at = code === 0x5c ? match(ESCAPE, text, at) : at + 1;
  }
  return undefined;
}

interface Step {
  readonly at: number;
  readonly expect: Expectation;
}

type Advance = (text: string, at: number, open: string[]) => Step | undefined;

function afterValue(at: number, open: readonly string[]): Step {
  return { at, expect: open.length === 0 ? "end" : "next" };
}

const close: Advance = (text, at, open) => {
  if (open.length === 0 || text[at] !== open.at(-1)) return undefined;
  open.pop();
  return afterValue(at + 1, open);
};

const key: Advance = (text, at) => {
  const end = endOfString(text, at);
  return end === undefined ? undefined : { at: end, expect: "colon" };
};

const value: Advance = (text, at, open) => {
  const char = text[at];
  if (char === "{" || char === "[") {
    open.push(char === "{" ? "}" : "]");
    return { at: at + 1, expect: char === "{" ? "first-key" : "first-value" };
  }
  const end = char === '"' ? endOfString(text, at) : match(LITERAL, text, at);
  return end === undefined ? undefined : afterValue(end, open);
};

const comma: Advance = (text, at, open) =>
  text[at] === "," ? { at: at + 1, expect: open.at(-1) === "}" ? "key" : "value" } : undefined;

/** What may stand where, one token at a time; undefined where the text is at fault. `open` is the stack of brackets that wait to be closed. */
const advance: Readonly<Record<Expectation, Advance>> = {
  value,
  "first-value": (text, at, open) => close(text, at, open) ?? value(text, at, open),
  key,
  "first-key": (text, at, open) => close(text, at, open) ?? key(text, at, open),
  colon: (text, at) => (text[at] === ":" ? { at: at + 1, expect: "value" } : undefined),
  next: (text, at, open) => comma(text, at, open) ?? close(text, at, open),
  end: () => undefined,
};

/**
 * Finds the fault in text that JSON.parse refused: engines word it differently and often leave the position out. Only ever runs on
 * refused text, so it is plain rather than fast. Undefined when the text is JSON after all.
 */
export function locateJsonFault(text: string): JsonFault | undefined {
  const open: string[] = [];
  let state: Step = { at: 0, expect: "value" };
  for (;;) {
    const at = match(BLANK, text, state.at) ?? state.at;
    if (state.expect === "end" && at === text.length) return undefined;
    const next = advance[state.expect](text, at, open);
    if (next === undefined) {
      const before = text.slice(0, at).split("\n");
      return {
        position: at,
        line: before.length,
        column: (before.at(-1)?.length ?? 0) + 1,
        expected: words[state.expect],
      };
    }
    state = next;
  }
}

/** Why refused text is not JSON, for a person: where it stops being JSON, and what would have been right there. */
export function describeJsonFault(text: string): string {
  const fault = locateJsonFault(text);
  if (fault === undefined) return "The body is not JSON.";
  const { position, line, column, expected } = fault;
  return `The body is not JSON at position ${position} (line ${line}, column ${column}): expected ${expected}.`;
}
