/** Text as a GBNF literal (ggml-org/llama.cpp grammars/README.md). */
export function literal(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** Longest fraction and integer that survive a round trip through a double. */
const MAX_DIGITS = 15;
/** One optional space after `:` and `,`: models are trained on both styles; more would let a weak model pad for ever. */
const SPACE = '" "?';

const monthDay =
  '( ("01" | "03" | "05" | "07" | "08" | "10" | "12") "-" ("0" [1-9] | [12] [0-9] | "3" [01]) | ("04" | "06" | "09" | "11") "-" ("0" [1-9] | [12] [0-9] | "30") | "02-" ("0" [1-9] | "1" [0-9] | "2" [0-8]) )';
const clock = '( [01] [0-9] | "2" [0-3] ) ":" [0-5] [0-9] ":" [0-5] [0-9] ( "." [0-9]{1,3} )? "Z"';
const word = "[a-z0-9]";

/** Formats of JSON Schema that a grammar can promise. Each rule's strings are a subset of what the format allows. */
export const formatBodies: Readonly<Record<string, string>> = {
  date: `[12] [0-9] [0-9] [0-9] "-" ${monthDay}`,
  time: clock,
  "date-time": `[12] [0-9] [0-9] [0-9] "-" ${monthDay} "T" ${clock}`,
  uuid: '[0-9a-f]{8} "-" [0-9a-f]{4} "-" [1-8] [0-9a-f]{3} "-" [89ab] [0-9a-f]{3} "-" [0-9a-f]{12}',
  email: `${word}{1,32} ( [._+-] ${word}{1,16} ){0,3} "@" ( ${word}{1,32} "." ){1,3} [a-z]{2,10}`,
};

/** The rules that every JSON grammar shares. */
const sharedRules: Readonly<Record<string, string>> = {
  space: SPACE,
  char: '[^"\\\\\\x00-\\x1f\\x7f] | "\\\\" ["\\\\/bfnrt]',
  string: '"\\"" char* "\\""',
  integer: `"-"? ( "0" | [1-9] [0-9]{0,${MAX_DIGITS - 1}} )`,
  number: `"-"? ( "0" | [1-9] [0-9]{0,${MAX_DIGITS - 1}} ) ( "." [0-9]{1,${MAX_DIGITS}} )?`,
  boolean: '"true" | "false"',
  null: '"null"',
  object: '"{" ( string ":" space value ( "," space string ":" space value )* )? "}"',
  array: '"[" ( value ( "," space value )* )? "]"',
  value: "object | array | string | number | boolean | null",
};

/** A GBNF grammar in the making. */
export class GrammarRules {
  readonly #rules = new Map<string, string>(Object.entries(sharedRules));
  #next = 0;

  /** Adds a rule under a fresh name and returns the name. */
  add(body: string): string {
    const name = this.reserve();
    this.set(name, body);
    return name;
  }

  /** A name whose body comes later: recursion. */
  reserve(): string {
    this.#next += 1;
    return `r${this.#next}`;
  }

  set(name: string, body: string): void {
    this.#rules.set(name, body);
  }

  render(root: string): string {
    const lines = [...this.#rules].map(([name, body]) => `${name} ::= ${body}`);
    return [`root ::= ${root}`, ...lines].join("\n");
  }
}
