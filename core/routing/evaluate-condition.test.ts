import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ComparisonCondition, type Condition, conditionSchema } from "../contract/index.ts";
import { conditionHolds, type ConditionFacts, describeCondition } from "./evaluate-condition.ts";

const facts: ConditionFacts = {
  model: "chat",
  surface: "chat",
  stream: true,
  user: "u-7",
  key: "key_1",
  environment: "production",
  project: "acme",
  prompt: { name: "support", label: null, version: 3 },
  metadata: { region: "eu", plan: "3" },
  header: (name) => ({ "x-team": "red", authorization: "Bearer secret" })[name],
  request: { temperature: 0.4, tools: [{ type: "function" }], tags: ["a", "b"] },
  inputTokens: 1200,
  bodyBytes: 5000,
  // Sunday, 22 November 2026, 20:15 UTC.
  nowMs: Date.UTC(2026, 10, 22, 20, 15),
};

const is = (field: string, operator: ComparisonCondition["is"], value?: ComparisonCondition["value"]): boolean =>
  conditionHolds(conditionSchema.parse({ field, is: operator, ...(value === undefined ? {} : { value }) }), facts);

describe("conditionHolds", () => {
  it("looks at every field that the contract names", () => {
    expect(is("model", "equals", "chat")).toBe(true);
    expect(is("surface", "in", ["chat", "completions"])).toBe(true);
    expect(is("stream", "equals", true)).toBe(true);
    expect(is("user", "starts-with", "u-")).toBe(true);
    expect(is("key", "equals", "key_1")).toBe(true);
    expect(is("environment", "not-equals", "staging")).toBe(true);
    expect(is("project", "equals", "acme")).toBe(true);
    expect(is("prompt.name", "equals", "support")).toBe(true);
    expect(is("prompt.version", "at-least", 3)).toBe(true);
    expect(is("metadata.region", "in", ["eu", "ch"])).toBe(true);
    expect(is("header.x-team", "equals", "red")).toBe(true);
    expect(is("request.temperature", "below", 0.5)).toBe(true);
    expect(is("request.tools[0].type", "equals", "function")).toBe(true);
    expect(is("request.tags", "contains", "b")).toBe(true);
    expect(is("input_tokens", "above", 1000)).toBe(true);
    expect(is("body_bytes", "at-most", 5000)).toBe(true);
    expect(is("time.hour", "equals", 20)).toBe(true);
    expect(is("time.weekday", "equals", 0)).toBe(true);
    expect(is("time.date", "at-least", "2026-11-01")).toBe(true);
  });

  it("compares text that says a number with numbers", () => {
    expect(is("metadata.plan", "equals", 3)).toBe(true);
    expect(is("metadata.plan", "above", 2)).toBe(true);
    expect(is("metadata.region", "above", 2)).toBe(false);
  });

  it("never looks at a credential, nor at what every object inherits", () => {
    expect(is("header.authorization", "exists")).toBe(false);
    expect(is("request.constructor", "exists")).toBe(false);
    expect(is("request.tools.__proto__", "exists")).toBe(false);
    expect(is("metadata.constructor", "exists")).toBe(false);
  });

  it("lets an absent field satisfy only what denies", () => {
    for (const operator of ["equals", "in", "contains", "above", "at-most", "exists", "starts-with"] as const) {
      expect(is("metadata.nothing", operator, "x")).toBe(false);
    }
    expect(is("metadata.nothing", "not-equals", "x")).toBe(true);
    expect(is("metadata.nothing", "not-in", ["x"])).toBe(true);
    expect(is("prompt.label", "exists")).toBe(false);
  });

  it("obeys De Morgan at any depth", () => {
    const leaf: fc.Arbitrary<Condition> = fc.constantFrom<Condition>(
      { field: "model", is: "equals", value: "chat" },
      { field: "user", is: "equals", value: "somebody else" },
      { field: "metadata.nothing", is: "exists" },
    );
    const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.record({ all: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ any: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ not: tie("tree") }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 4 }), (parts) => {
        const none = conditionHolds({ not: { any: parts } }, facts);
        expect(none).toBe(conditionHolds({ all: parts.map((part) => ({ not: part })) }, facts));
      }),
    );
  });

  it("is described without the request's own values", () => {
    const condition: Condition = {
      all: [{ field: "user", is: "equals", value: "x" }, { not: { field: "key", is: "exists" } }],
    };
    expect(describeCondition(condition)).toBe('(user equals "x" and not key exists)');
  });
});
