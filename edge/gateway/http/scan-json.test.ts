import { describe, expect, it } from "vitest";
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
