import { describe, expect, it } from "vitest";
import { type PromptContentInput, promptContentSchema } from "../contract/prompt.ts";
import { diffPrompts } from "./diff-prompts.ts";

const content = (input: Partial<PromptContentInput>) =>
  promptContentSchema.parse({ settings: { model: "m" }, ...input });
const diff = (before: Partial<PromptContentInput>, after: Partial<PromptContentInput>) =>
  diffPrompts(content(before), content(after));
const summary = (before: Partial<PromptContentInput>, after: Partial<PromptContentInput>) =>
  diff(before, after).map(({ kind, path }) => `${kind} ${path}`);
const example = (name: string | undefined, answer: string) => ({
  ...(name === undefined ? {} : { name }),
  messages: [
    { role: "user" as const, content: "q" },
    { role: "assistant" as const, content: answer },
  ],
});

describe("diffPrompts", () => {
  it("finds nothing between equal contents", () => {
    const same = { system: "s", constraints: ["a", "a"], few_shot: [example(undefined, "x"), example(undefined, "x")] };
    expect(diff(same, same)).toEqual([]);
  });

  it("says which words of a text changed", () => {
    expect(diff({ system: "Be short and kind." }, { system: "Be long and kind." })).toEqual([
      {
        path: "system",
        kind: "changed",
        before: "Be short and kind.",
        after: "Be long and kind.",
        words: [
          { op: "same", text: "Be " },
          { op: "removed", text: "short" },
          { op: "added", text: "long" },
          { op: "same", text: " and kind." },
        ],
      },
    ]);
  });

  it("matches constraints by content: one inserted before others is one addition", () => {
    expect(summary({ constraints: ["a", "b"] }, { constraints: ["new", "a", "b"] })).toEqual(["added constraints[0]"]);
    expect(summary({ constraints: ["a", "b", "c"] }, { constraints: ["a", "c"] })).toEqual(["removed constraints[1]"]);
  });

  it("tells a constraint that moved from one that was edited in its place", () => {
    expect(summary({ constraints: ["a", "b", "c"] }, { constraints: ["c", "a", "b"] })).toEqual([
      "moved constraints[0]",
    ]);
    expect(summary({ constraints: ["a", "b", "c"] }, { constraints: ["a", "B", "c"] })).toEqual([
      "changed constraints[1]",
    ]);
  });

  it("matches examples by name, and names the turn that changed", () => {
    const before = { few_shot: [example("one", "x"), example("two", "y")] };
    const after = { few_shot: [example("two", "y2"), example("one", "x")] };
    expect(summary(before, after)).toEqual(["moved few_shot[two]", "changed few_shot[two].messages[1].content"]);
  });

  it("names single settings, variables and slots", () => {
    expect(
      summary(
        { settings: { model: "m", temperature: 0 }, messages: [{ slot: "input" }] },
        {
          settings: { model: "m", seed: 1 },
          messages: [{ slot: "input", max_tokens: 5 }],
          variables: { type: "object", properties: { a: { type: "string" } } },
        },
      ),
    ).toEqual(["changed messages[input]", "added variables.a", "removed settings.temperature", "added settings.seed"]);
  });
});
