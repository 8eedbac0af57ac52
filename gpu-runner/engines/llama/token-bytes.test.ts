import { describe, expect, it } from "vitest";
import { longestPieceBytes, tokenBytesOf, type Vocabulary } from "./token-bytes.ts";

const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;

/** GPT-2's characters for the 256 bytes, in the order of the bytes (openai/gpt-2 encoder.py). */
const byteCharacters = (() => {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
})();

function vocabulary(kind: string, pieces: readonly (readonly [text: string, type: number])[]): Vocabulary {
  return { kind, tokens: pieces.map(([text]) => text), types: pieces.map(([, type]) => type) };
}

const byteLevel = (...more: readonly (readonly [string, number])[]) =>
  vocabulary("gpt2", [...byteCharacters.map((text) => [text, NORMAL] as const), ...more]);

function longest(of: Vocabulary, stripsSpace = (_token: number) => false): number | undefined {
  return longestPieceBytes(of, { bytesOf: tokenBytesOf(of, () => ""), stripsSpace });
}

describe("the longest piece of a vocabulary", () => {
  it("is counted in the bytes of the text that it stands for, not of its name", () => {
    expect(longest(byteLevel(["Ġworld", NORMAL]))).toBe(6);
    expect(longest(byteLevel(["ĠĠĠĠĠ", NORMAL], ["Ġworld", NORMAL], ["ðŁĺĢ", NORMAL]))).toBe(6);
    expect(longest(byteLevel(["€€€", USER_DEFINED]))).toBe(9);
    const pieces = vocabulary("llama", [
      ["<0x0A>", BYTE],
      ["▁the", NORMAL],
    ]);
    expect(longest(pieces)).toBe(4);
  });

  it("is no control token: a text never becomes one", () => {
    expect(longest(byteLevel(["er", NORMAL], ["<|a very long marker|>", CONTROL]))).toBe(2);
  });

  it("is unknown where a token may stand for any number of bytes", () => {
    // Word pieces make one token of a whole unknown word.
    expect(longest(vocabulary("bert", [["word", NORMAL]]))).toBeUndefined();
    // A byte without a token is left out of the prompt.
    expect(longest(vocabulary("gpt2", [["a", NORMAL]]))).toBeUndefined();
    // The spaces around such a token are swallowed.
    const stripping = byteLevel(["<|mark|>", USER_DEFINED]);
    expect(longest(stripping, (token) => token === 256)).toBeUndefined();
    expect(longest(stripping)).toBe(8);
  });
});
