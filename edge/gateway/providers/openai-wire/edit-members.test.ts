import { describe, expect, it } from "vitest";
import { editMembers } from "./edit-members.ts";

describe("editMembers", () => {
  const text = '{ "a": 9007199254740993, "b" : [1, {"c": "}\\""}] ,\n"d":null}';

  it("returns the text itself when nothing changes", () => {
    expect(editMembers(text, {})).toBe(text);
  });

  it.each([
    ["changes one", { b: true }, '{ "a": 9007199254740993,"b":true,\n"d":null}'],
    ["takes the first out", { a: undefined }, '{ "b" : [1, {"c": "}\\""}] ,\n"d":null}'],
    ["takes the last out", { d: undefined }, '{ "a": 9007199254740993, "b" : [1, {"c": "}\\""}] }'],
    ["adds one", { e: "x" }, '{ "a": 9007199254740993, "b" : [1, {"c": "}\\""}] ,\n"d":null,"e":"x"}'],
    ["takes out what is not there", { z: undefined }, text],
  ])("%s member and keeps the bytes of the others", (_name, edits, expected) => {
    expect(editMembers(text, edits)).toBe(expected);
    expect(() => JSON.parse(editMembers(text, edits)) as unknown).not.toThrow();
  });

  it("edits an empty object, and the last of two members of one name", () => {
    expect(editMembers("{}", { a: 1 })).toBe('{"a":1}');
    expect(editMembers('{"a":1,"a":2,"b":3}', { b: undefined })).toBe('{"a":2}');
  });

  it("keeps the bytes of the others also where a name comes twice", () => {
    const numbers = '{ "x": 9007199254740993, "a":1 , "y":1.0,"a": {"a": 2}, "b":3}';
    expect(editMembers(numbers, { b: undefined })).toBe('{"x": 9007199254740993,"y":1.0,"a": {"a": 2}}');
  });
});
