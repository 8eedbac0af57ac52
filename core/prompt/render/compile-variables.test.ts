import { describe, expect, it } from "vitest";
import { compileVariables } from "./compile-variables.ts";

describe("compileVariables", () => {
  it("blames the schema, not the system, when its references go round in a circle through a combination", () => {
    const variables = compileVariables({
      type: "object",
      properties: { a: { anyOf: [{ $ref: "#/properties/a" }] } },
    });
    expect(() => variables.resolve({ a: 1 })).toThrow("refers to itself without end");
  });

  it("takes a tree, whose references end with the value", () => {
    const tree = {
      type: "object",
      properties: { left: { $ref: "#/$defs/node" } },
      $defs: { node: { type: "object", properties: { left: { $ref: "#/$defs/node" } } } },
    };
    expect(compileVariables(tree).resolve({ left: { left: {} } })).toEqual({ left: { left: {} } });
  });
});
