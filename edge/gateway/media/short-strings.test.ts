import { describe, expect, it } from "vitest";
import { ShortStrings } from "./short-strings.ts";

const bounds = { maxStringBytes: 4, maxBytes: 1000, events: false };
function shorten(text: string, pieceBytes: number, of = bounds): string | undefined {
  const strings = new ShortStrings(of);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) strings.add(bytes.subarray(at, at + pieceBytes));
  return strings.text();
}

describe("ShortStrings", () => {
  it.each([1, 2, 3, 7, 1000])("cuts long strings and nothing else, in pieces of %d bytes", (pieceBytes) => {
    const value = { short: "abcd", long: "x".repeat(100), escaped: 'a"b', n: [1, true, null], tail: "\\".repeat(50) };
    const text = shorten(JSON.stringify(value), pieceBytes) ?? "";
    expect(JSON.parse(text)).toMatchObject({ shor: "abcd", long: "xxxx", n: [1, true, null] });
    expect(text.length).toBeLessThan(100);
  });

  it("is JSON whatever the strings hold", () => {
    for (const inner of ['"', "\\", '\\"', "\n", "\u{1f600}", 'xxx"', "xxx\\", 'xxxx"'])
      expect(() => JSON.parse(shorten(JSON.stringify({ a: inner.repeat(9) }), 1) ?? "")).not.toThrow();
  });

  it("gives up beyond its bound", () => {
    expect(shorten(JSON.stringify([1, 2, 3]), 2, { ...bounds, maxBytes: 3 })).toBeUndefined();
  });

  it("keeps the last event of any number, and is not led astray by a lone quote in a comment", () => {
    const events = Array.from({ length: 500 }, (_, n) => `data: {"n":${n}}\n\n`).join("");
    const text = shorten(`: it's 5" long\n\n${events}`, 11, { ...bounds, maxBytes: 64, events: true });
    expect(text).toContain('data: {"n":499}');
  });
});
