/** Where a member of the outermost object has its value in the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface JsonScan {
  /** Deepest nesting of objects and arrays. */
  readonly depth: number;
  /** Members of the outermost object; undefined when a key repeats, so that no one rewrites the wrong one. */
  readonly members: ReadonlyMap<string, Span> | undefined;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** The index after the string that opens at `start`. Jumps from quote to quote, which the engine does at memory speed. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function decodeKey(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  if (!raw.includes("\\")) return raw;
  try {
    return String(JSON.parse(text.slice(start, end)));
  } catch {
    return raw;
  }
}

/** A member of the outermost object, its key included. */
interface Member extends Span {
  readonly name: string;
}

/** The state of one pass. */
class Scanner {
  readonly #text: string;
  readonly members = new Map<string, Span>();
  /** In the order in which they stand, repeated ones included. */
  readonly all: Member[] = [];
  repeated = false;
  deepest = 0;
  #depth = 0;
  #key: string | undefined;
  #lastString: Span | undefined;
  #keyStart = 0;
  #valueStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  string(start: number, end: number): void {
    if (this.#depth === 1) this.#lastString = { start, end };
  }

  /** Anything but a string: only punctuation matters. */
  punctuation(code: number, at: number): void {
    switch (code) {
      case COLON:
        this.#openMember(at);
        return;
      case COMMA:
        this.#closeMember(at);
        return;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++this.#depth > this.deepest) this.deepest = this.#depth;
        return;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.#closeMember(at);
        this.#depth--;
        return;
    }
  }

  #openMember(at: number): void {
    if (this.#depth !== 1 || this.#key !== undefined || this.#lastString === undefined) return;
    this.#key = decodeKey(this.#text, this.#lastString.start, this.#lastString.end);
    this.#keyStart = this.#lastString.start;
    this.#valueStart = at + 1;
  }

  #closeMember(end: number): void {
    if (this.#depth !== 1 || this.#key === undefined) return;
    this.repeated ||= this.members.has(this.#key);
    this.members.set(this.#key, { start: this.#valueStart, end });
    this.all.push({ name: this.#key, start: this.#keyStart, end });
    this.#key = undefined;
  }
}

function scan(text: string): Scanner {
  const scanner = new Scanner(text);
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      scanner.string(at, end);
      at = end;
    } else {
      scanner.punctuation(code, at);
      at++;
    }
  }
  return scanner;
}

/** The same object with each member once: of several of one name the last, which is the one that parsers take. The bytes of those that stay are kept. */
export function withoutRepeats(text: string): string {
  const { all, members } = scan(text);
  const lasting = all.filter(({ name, end }) => members.get(name)?.end === end);
  return `{${lasting.map(({ start, end }) => text.slice(start, end)).join(",")}}`;
}

/**
 * One pass over JSON text that finds its depth and the members of its outermost object, so that depth is bounded before anything is
 * built, and one member can be rewritten without touching the bytes of the others. Says nothing useful about text that is not JSON.
 */
export function scanJson(text: string): JsonScan {
  const { deepest, repeated, members } = scan(text);
  return { depth: deepest, members: repeated ? undefined : members };
}
