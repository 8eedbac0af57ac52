import { describe, expect, it } from "vitest";
import { fromStorable, fromStorableText, storableJson, toStorableText } from "./storable-json.ts";

const awkward = [
  ["NUL", "a\u0000b"],
  ["a lone high surrogate", "cut \uD83D"],
  ["a lone low surrogate", "\uDE00 cut"],
  ["surrogates the wrong way round", "\uDE00\uD83D"],
  ["the escape itself", "\uFDD0"],
  ["what looks like an escape", "\uFDD00000"],
  ["an escape before a NUL", "\uFDD0\u0000"],
  ["a backslash and u0000 in words", "\\u0000"],
  ["whole emoji", "🙂 ok"],
  ["nothing special", "plain"],
] as const;

describe("storable text", () => {
  it.each(awkward)("brings %s back unchanged", (_name, text) => {
    expect(fromStorableText(toStorableText(text))).toBe(text);
  });

  it.each(awkward)("holds nothing that PostgreSQL refuses for %s", (_name, text) => {
    expect(toStorableText(text).isWellFormed()).toBe(true);
    expect(toStorableText(text)).not.toContain("\u0000");
  });

  it("leaves text alone that needs nothing", () => {
    expect(toStorableText("🙂 plain")).toBe("🙂 plain");
  });
});

describe("storable JSON", () => {
  it.each(awkward)("brings keys, strings and arrays with %s back unchanged", (_name, text) => {
    const value = { [text]: [text, { deep: text }], n: 1, b: true, z: null };
    expect(fromStorable(JSON.parse(storableJson(value)))).toEqual(value);
  });

  it("keeps a key named __proto__ as data", () => {
    const value = JSON.parse('{"__proto__":{"a":"\\u0000"}}') as unknown;
    expect(JSON.stringify(fromStorable(JSON.parse(storableJson(value))))).toBe(JSON.stringify(value));
  });
});
