import { CALL_ARGUMENTS, CALL_OPEN } from "../grammar/tool-grammar.ts";

/** A piece of an answer: text, the beginning of a call, or more of its arguments. */
export type AnswerPiece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "call"; readonly index: number; readonly name: string }
  | { readonly type: "arguments"; readonly index: number; readonly text: string };

type Reading = "start" | "text" | "between" | "name" | "arguments";

/**
 * Reads an answer while it streams. Calls have the fixed form that `tool-grammar.ts` enforces; whatever does not begin like one is text.
 */
export class AnswerReader {
  #reading: Reading;
  #buffer = "";
  #calls = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(kind: "text" | "text-or-calls") {
    this.#reading = kind === "text" ? "text" : "start";
  }

  /** Calls whose name is known. */
  get calls(): number {
    return this.#calls;
  }

  push(piece: string): AnswerPiece[] {
    if (this.#reading === "text") return piece === "" ? [] : [{ type: "text", text: piece }];
    this.#buffer += piece;
    const out: AnswerPiece[] = [];
    for (let before = -1; before !== this.#buffer.length && this.#buffer !== "";) {
      before = this.#buffer.length;
      this.#step(out);
    }
    return out;
  }

  #step(out: AnswerPiece[]): void {
    switch (this.#reading) {
      case "start":
        if (/^[[{]/.test(this.#buffer)) this.#reading = "between";
        else {
          this.#reading = "text";
          this.#takeText(out);
          return;
        }
        this.#skipToCall();
        return;
      case "between":
        this.#skipToCall();
        return;
      case "name":
        this.#readName(out);
        return;
      case "arguments":
        this.#readArguments(out);
        return;
      case "text":
        this.#takeText(out);
    }
  }

  #takeText(out: AnswerPiece[]): void {
    out.push({ type: "text", text: this.#buffer });
    this.#buffer = "";
  }

  #skipToCall(): void {
    const at = this.#buffer.indexOf(CALL_OPEN);
    if (at < 0) return;
    this.#buffer = this.#buffer.slice(at + CALL_OPEN.length);
    this.#reading = "name";
  }

  #readName(out: AnswerPiece[]): void {
    const at = this.#buffer.indexOf(CALL_ARGUMENTS);
    if (at < 0) return;
    out.push({ type: "call", index: this.#calls, name: this.#buffer.slice(0, at) });
    this.#calls += 1;
    this.#buffer = this.#buffer.slice(at + CALL_ARGUMENTS.length);
    this.#reading = "arguments";
  }

  /** Arguments end at the brace that closes the call: the one that is deeper than nothing open. */
  #readArguments(out: AnswerPiece[]): void {
    let end = 0;
    for (; end < this.#buffer.length; end++) {
      if (this.#ends(this.#buffer[end] ?? "")) break;
    }
    const text = this.#buffer.slice(0, end);
    if (text !== "") out.push({ type: "arguments", index: this.#calls - 1, text });
    if (end === this.#buffer.length) this.#buffer = "";
    else {
      this.#buffer = this.#buffer.slice(end + 1);
      this.#reading = "between";
    }
  }

  #ends(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === "\\") this.#escaped = true;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (character === '"') this.#inString = true;
    else if (character === "{" || character === "[") this.#depth += 1;
    else if (character === "}" || character === "]") {
      if (this.#depth === 0) return true;
      this.#depth -= 1;
    }
    return false;
  }
}
