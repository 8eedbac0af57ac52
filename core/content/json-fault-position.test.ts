import { describe, expect, it } from "vitest";
import { jsonFaultPosition } from "./json-fault-position.ts";

describe("jsonFaultPosition", () => {
  it.each([
    ['{"name": x}', 9],
    ['{"name"', 7],
    ["", 0],
    ["[1,]", 3],
    ['{"a":1,}', 7],
    ["[1 2]", 3],
    ["{} x", 3],
    ["[01]", 2],
    ['["a\nb"]', 1],
    ['{"a" 1}', 5],
    ["[}", 1],
    ["{1:2}", 1],
    ["nul", 0],
  ])("finds the fault in %j", (text, position) => {
    expect(jsonFaultPosition(text)).toBe(position);
  });

  it.each(["1", " [ ] ", '{"a":[{},{"b":null}],"c":"\\u0000\\n"}', "-1.5e+3", '"x"'])("finds none in %j", (text) => {
    expect(JSON.parse(text)).toBeDefined();
    expect(jsonFaultPosition(text)).toBeUndefined();
  });

  it("agrees with JSON.parse on every mutilation of a document", () => {
    const whole = '{"a":[1,-2.5,true,null,{"b":"c\\"d"}],"e":{}}';
    for (let at = 0; at < whole.length; at++) {
      for (const text of [
        whole.slice(0, at),
        whole.slice(0, at) + whole.slice(at + 1),
        `${whole.slice(0, at)},${whole.slice(at)}`,
      ]) {
        const parses = (() => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        expect([text, jsonFaultPosition(text) === undefined]).toEqual([text, parses]);
      }
    }
  });
});
