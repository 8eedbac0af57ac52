/** How often something stands: `undefined` = exactly once. */
interface Repeat {
  readonly min: number;
  readonly max: number;
}

interface Item {
  /** A character, an escape or a class, as it was written; undefined for a group. */
  readonly atom: string | undefined;
  readonly branches: readonly (readonly Item[])[];
  readonly repeat: Repeat | undefined;
}

const TOKEN =
  /\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|k<[^>]*>|c[A-Za-z]|.)|\[(?:\\.|[^\]\\])*\]|./suy;
const QUANTIFIER = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/suy;
const GROUP_HEAD = /\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/suy;

class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  branches(): (readonly Item[])[] {
    const branches: Item[][] = [[]];
    while (this.#at < this.#text.length && this.#text[this.#at] !== ")") {
      if (this.#text[this.#at] === "|") {
        this.#at++;
        branches.push([]);
      } else branches.at(-1)?.push(this.#item());
    }
    return branches;
  }

  #item(): Item {
    const isGroup = this.#take(GROUP_HEAD) !== undefined;
    const branches = isGroup ? this.branches() : [];
    const atom = isGroup ? undefined : this.#take(TOKEN)?.[0];
    if (isGroup) this.#at++;
    return { atom, branches, repeat: this.#repeat() };
  }

  #repeat(): Repeat | undefined {
    const found = this.#take(QUANTIFIER);
    if (found === undefined) return undefined;
    const [text, min, comma, max] = found;
    if (min === undefined) return { min: text.startsWith("+") ? 1 : 0, max: text.startsWith("?") ? 1 : Infinity };
    return { min: Number(min), max: comma === "" ? Number(min) : max === "" ? Infinity : Number(max) };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }
}

/** Fewer repetitions than this cost little, whatever they hold. */
const MANY = 8;

function* itemsWithin(items: readonly Item[]): Generator<Item> {
  for (const item of items) {
    yield item;
    for (const branch of item.branches) yield* itemsWithin(branch);
  }
}

function isLiteral({ atom, repeat }: Item): boolean {
  return atom !== undefined && repeat === undefined && /^(?:[^\\[.^$]|\\[^A-Za-z0-9]|\\[tnrfv])$/su.test(atom);
}

function matches(atom: string, literal: string): boolean {
  return new RegExp(`^(?:${atom})$`, "su").test(
    literal.length > 1 && !/^\\[tnrfv]/.test(literal) ? literal.slice(1) : literal,
  );
}

/** Whether only one division into repetitions fits a text: each begins (or each ends) with a character that nothing else in it matches. */
function isDelimited(branches: readonly (readonly Item[])[]): boolean {
  const all = branches.flatMap((branch) => [...itemsWithin(branch)]);
  return [0, -1].some((end) => {
    const marks = branches.map((branch) => branch.at(end));
    const literals = new Set<string>();
    for (const mark of marks) {
      if (mark?.atom === undefined || !isLiteral(mark) || literals.has(mark.atom)) return false;
      literals.add(mark.atom);
    }
    const others = all.filter((item) => !marks.includes(item));
    return others.every(({ atom }) => atom === undefined || [...literals].every((literal) => !matches(atom, literal)));
  });
}

function isAmbiguous({ branches, repeat }: Item): boolean {
  if (repeat === undefined || repeat.max < MANY || branches.length === 0) return false;
  const varies =
    branches.length > 1 ||
    [...itemsWithin(branches[0] ?? [])].some(
      (item) => item.repeat !== undefined && item.repeat.min !== item.repeat.max,
    );
  return varies && !isDelimited(branches);
}

/**
 * What keeps a regular expression from being used on text that callers send, or undefined. A repetition of what itself varies, such as
 * `(a+)+` or `(a|a)*`, can take time exponential in the text, and nothing can interrupt it. `(-[a-z]+)*` is fine: its hyphens leave one reading.
 */
export function findPatternFault(pattern: string): string | undefined {
  try {
    void new RegExp(pattern, "u");
  } catch {
    return `${JSON.stringify(pattern)} is not a regular expression`;
  }
  const items = new PatternReader(pattern).branches().flatMap((branch) => [...itemsWithin(branch)]);
  if (!items.some(isAmbiguous)) return undefined;
  return `${JSON.stringify(pattern)} repeats a group that can match one text in several ways, which may take forever; begin each repetition with a character of its own, or use a class such as [a-z]*`;
}
