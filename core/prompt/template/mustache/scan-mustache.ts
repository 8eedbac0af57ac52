import { templateErrorAt } from "../template-error.ts";

const sigils = ["#", "^", "/", ">", "!", "=", "{", "&", "<", "$"] as const;
export type MustacheSigil = (typeof sigils)[number] | "";

export interface MustacheTag {
  readonly kind: "tag";
  readonly sigil: MustacheSigil;
  /** What stands between sigil and end, without white space around it. */
  readonly name: string;
  readonly at: number;
  /** White space before a tag that stands alone on its line; undefined when it does not. */
  readonly indent: string | undefined;
}

export type MustacheToken = MustacheTag | { readonly kind: "text"; readonly value: string };

const blank = /^[ \t]*$/;
const restOfLine = /[ \t]*(?:\r?\n|$)/y;

/** Cuts a template into text and tags; a tag that stands alone on its line takes the line with it (mustache spec, standalone tags). */
export class MustacheScanner {
  readonly #source: string;
  #position = 0;
  #lineStart = 0;
  #open = "{{";
  #close = "}}";
  #pending: MustacheTag | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  /** @throws MillraceError `template-error` for a tag that does not end or sets impossible delimiters. */
  next(): MustacheToken | undefined {
    const pending = this.#pending;
    if (pending !== undefined) {
      this.#pending = undefined;
      return pending;
    }
    if (this.#position >= this.#source.length) return undefined;
    const start = this.#position;
    const at = this.#source.indexOf(this.#open, start);
    if (at < 0) {
      this.#position = this.#source.length;
      return { kind: "text", value: this.#source.slice(start) };
    }
    // Only the text since the last tag is searched: a line may be as long as the template.
    const newline = this.#source.slice(start, at).lastIndexOf("\n");
    if (newline >= 0) this.#lineStart = start + newline + 1;
    const { sigil, name, end } = this.#tag(at);
    const alone = sigil === "" || sigil === "{" || sigil === "&" ? undefined : this.#alone(at, end);
    const tag: MustacheTag = { kind: "tag", sigil, name, at, indent: alone?.indent };
    const text = this.#source.slice(start, alone === undefined ? at : this.#lineStart);
    this.#position = alone?.end ?? end;
    if (alone !== undefined) this.#lineStart = alone.end;
    if (text === "") return tag;
    this.#pending = tag;
    return { kind: "text", value: text };
  }

  #tag(at: number): { sigil: MustacheSigil; name: string; end: number } {
    const inner = at + this.#open.length;
    const sigil = sigils.find((candidate) => this.#source[inner] === candidate) ?? "";
    const close = sigil === "{" ? `}${this.#close}` : sigil === "=" ? `=${this.#close}` : this.#close;
    const from = inner + sigil.length;
    const closeAt = this.#source.indexOf(close, from);
    if (closeAt < 0) throw templateErrorAt(`the tag does not end with \`${close}\``, this.#source, at);
    const name = this.#source.slice(from, closeAt).trim();
    if (sigil === "=") this.#setDelimiters(name, at);
    return { sigil, name, end: closeAt + close.length };
  }

  #setDelimiters(text: string, at: number): void {
    const [open, close, ...rest] = text.split(/\s+/);
    if (open === undefined || close === undefined || open === "" || rest.length > 0 || text.includes("=")) {
      throw templateErrorAt("expected two delimiters", this.#source, at);
    }
    this.#open = open;
    this.#close = close;
  }

  /** The white space before the tag and the end of its line, when nothing else stands on that line. */
  #alone(at: number, end: number): { indent: string; end: number } | undefined {
    const indent = this.#source.slice(this.#lineStart, at);
    const tagBeforeOnLine = this.#lineStart < this.#position;
    if (tagBeforeOnLine || !blank.test(indent)) return undefined;
    restOfLine.lastIndex = end;
    return restOfLine.test(this.#source) ? { indent, end: restOfLine.lastIndex } : undefined;
  }
}
