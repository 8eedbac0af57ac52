import { describe, expect, it } from "vitest";
import { locateJsonFault } from "./locate-json-fault.ts";
import { rewriteMembers } from "./rewrite-members.ts";
import { scanJson } from "./scan-json.ts";

const texts = [
  "{}",
  ' { "model" : "a" } ',
  '{"a":{"model":"x"},"model":"y","b":["model",1]}',
  String.raw`{"q":"\"model\":1","mod\u0065l":"z","n":-1.5e3}`,
  String.raw`{"s":"ends with a backslash \\","model":null}`,
];

describe("scanJson and rewriteMembers", () => {
  it.each(texts)("rewrite one member of %s and nothing else", (text) => {
    const { members } = scanJson(text);
    const rewritten = rewriteMembers(text, members!, { model: '"new"' });
    expect(JSON.parse(rewritten)).toEqual({ ...(JSON.parse(text) as object), model: "new" });
  });

  it("measure depth outside strings only", () => {
    expect(scanJson('{"a":[[{"b":"]}}}{{{{[[[["}]]}').depth).toBe(4);
    expect(scanJson('"[[[["').depth).toBe(0);
  });

  it("leave a repeated key to the one who can tell which counts", () => {
    expect(scanJson('{"model":"a","model":"b"}').members).toBeUndefined();
  });
});

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
});
