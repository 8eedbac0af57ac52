import { describe, expect, it } from "vitest";
import { jsonObjectSchema } from "../contract/json-value.ts";
import { type PromptContentInput, promptContentSchema } from "../contract/prompt.ts";
import { lintPrompt, parsePromptContent } from "./lint-prompt.ts";

const lint = (input: Partial<PromptContentInput>) =>
  lintPrompt(promptContentSchema.parse({ settings: { model: "m" }, ...input })).map(
    ({ code, param }) => `${code} ${param}`,
  );
const object = (properties: object) => jsonObjectSchema.parse({ type: "object", properties });

describe("lintPrompt", () => {
  it.each<[string, Partial<PromptContentInput>, string]>([
    ["a template that does not parse", { system: "{{#a}}" }, "template-error system"],
    ["a variable that is not declared", { constraints: ["ok", "{{nope}}"] }, "invalid-prompt constraints[1]"],
    [
      "a variables schema that is not one",
      { variables: { type: "object", properties: { a: { $ref: "#/nowhere" } } } },
      "invalid-prompt variables",
    ],
    [
      "a variables schema that refers to itself and to nothing else",
      { variables: { type: "object", properties: { a: { $ref: "#/properties/b" }, b: { $ref: "#/properties/a" } } } },
      "invalid-prompt variables",
    ],
    [
      "a slot that stands twice",
      { messages: [{ slot: "input" }, { slot: "input" }] },
      "invalid-prompt messages[1].slot",
    ],
    ["an include that is not declared", { system: "{{> part}}" }, "invalid-prompt system"],
    ["an include that is not used", { includes: { part: "part@1" } }, "invalid-prompt includes.part"],
    [
      "an example that the assistant begins",
      { few_shot: [{ messages: [{ role: "assistant", content: "x" }] }] },
      "invalid-prompt few_shot[0].messages[0].role",
    ],
    [
      "an example without an answer",
      { few_shot: [{ messages: [{ role: "user", content: "x" }] }] },
      "invalid-prompt few_shot[0].messages",
    ],
    [
      "a prompt that is too large",
      { constraints: ["a", "b"].map((letter) => letter.repeat(200_000)) },
      "invalid-prompt undefined",
    ],
  ])("refuses %s", (_what, input, fault) => {
    expect(lint(input)[0]).toBe(fault);
  });

  it("admits names that a section's items bring along", () => {
    const items = { type: "array", items: { type: "object", properties: { title: { type: "string" } } } };
    expect(lint({ system: "{{#items}}{{title}}{{/items}}", variables: object({ items }) })).toEqual([]);
    expect(lint({ system: "{{#items}}{{titel}}{{/items}}", variables: object({ items }) })).toEqual([
      "invalid-prompt system",
    ]);
    const jinja = "{% for i in items %}{{ loop.index }} {{ i.title }}{% endfor %}";
    expect(lint({ engine: "jinja", system: jinja, variables: object({ items }) })).toEqual([]);
    const dotprompt = "{{#each items as |item|}}{{item.title}}{{@index}}{{this}}{{/each}}";
    expect(lint({ engine: "dotprompt", system: dotprompt, variables: object({ items }) })).toEqual([]);
  });
});

describe("parsePromptContent", () => {
  it("refuses an example without a role, with its path", () => {
    const value = { settings: { model: "m" }, few_shot: [{ messages: [{ content: "x" }] }] };
    expect(() => parsePromptContent(value)).toThrow(
      expect.objectContaining({ code: "invalid-prompt", param: "few_shot[0].messages[0].role" }),
    );
  });
});
