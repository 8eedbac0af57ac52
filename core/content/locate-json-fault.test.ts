import { describe, expect, it } from "vitest";
import { describeJsonFault, locateJsonFault } from "./locate-json-fault.ts";

const texts = [
  "{}",
  ' { "model" : "a" } ',
  '{"a":{"model":"x"},"model":"y","b":["model",1]}',
  String.raw`{"q":"\"model\":1","mod\u0065l":"z","n":-1.5e3}`,
  String.raw`{"s":"ends with a backslash \\","model":null}`,
];

describe("locateJsonFault", () => {
  it.each([
    ["", 1, 1, "a value"],
    ['{"a":}', 1, 6, "a value"],
    ['{"a":1,}', 1, 8, "a quoted name"],
    ["{'a':1}", 1, 2, "a quoted name or }"],
    ["[1,2", 1, 5, ", or the closing bracket"],
    ["[1 2]", 1, 4, ", or the closing bracket"],
    ['{"a"\n: 01}', 2, 3, "a value"],
    ['"open', 1, 1, "a value"],
    ["{} x", 1, 4, "the end"],
    ["[tru]", 1, 2, "a value or ]"],
  ] as const)("finds the fault of %j", (...[text, line, column, expected]) => {
    expect(locateJsonFault(text)).toMatchObject({ line, column, expected });
  });

  it.each(texts)("finds none in %s", (text) => {
    expect(locateJsonFault(text)).toBeUndefined();
  });

  it("survives megabytes in one string", () => {
    expect(locateJsonFault(`["${"x".repeat(8_000_000)}`)?.position).toBe(1);
  });

  it("says it in a sentence", () => {
    expect(describeJsonFault('{"a":}')).toBe(
      "The body is not JSON at position 5 (line 1, column 6): expected a value.",
    );
  });
});
