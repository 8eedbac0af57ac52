import { promptContentSchema } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { formatPromptFile, parsePromptFile, starterContent } from "./prompt-file.ts";

const content = promptContentSchema.parse({
  variables: { type: "object", properties: { company: { type: "string" }, customer_name: { type: "string" } } },
  system: "You are a support agent at {{company}}.\nThe customer's name is {{customer_name}}.\n",
  constraints: ["Use a friendly tone.", "- looks like a list: but is text"],
  few_shot: [
    {
      name: "torn",
      messages: [
        { role: "user", content: "my tent\n\narrived torn " },
        { role: "assistant", content: "Hi!" },
      ],
    },
  ],
  messages: [{ slot: "history", max_tokens: 400 }, { slot: "input" }],
  settings: { model: "millrace-support", temperature: 0 },
});

describe("the file form of a prompt", () => {
  it("gives back the content that it was made from", () => {
    expect(parsePromptFile(formatPromptFile(content), "a.prompt").content).toEqual(content);
    const starter = starterContent("m");
    expect(parsePromptFile(formatPromptFile(starter), "a.prompt").content).toEqual(starter);
  });

  it("gives back every byte of the author's, comments included", () => {
    const file = formatPromptFile(content);
    const ownWords = file.replace("---\n", "---\n# why this prompt is as it is\n");
    for (const source of [file, ownWords]) {
      expect(formatPromptFile(parsePromptFile(source, "a.prompt").content)).toBe(source);
    }
  });

  it("says the line and column of a fault", () => {
    const file = formatPromptFile(content).replace("temperature: 0", "temperature: hot");
    const line = file.split("\n").findIndex((text) => text.includes(": hot")) + 1;
    expect(() => parsePromptFile(file, "a.prompt")).toThrow(new RegExp(`^a\\.prompt:${line}:\\d+: .*temperature`));
    expect(() => parsePromptFile("---\nmodel: [\n---\nx\n", "a.prompt")).toThrow(/^a\.prompt:2:\d+: /);
    const unknown = "---\nmodel: m\nmillrace:\n  constraints: nope\n---\n";
    expect(() => parsePromptFile(unknown, "a.prompt")).toThrow(/^a\.prompt:4:16: constraints/);
  });

  it("does not take a template that cannot be rendered", () => {
    const file = formatPromptFile(starterContent("m")).replace("{{company}}", "{{#company}}");
    expect(() => parsePromptFile(file, "a.prompt")).toThrow(
      /^a\.prompt.*`company` is not closed \(line \d+, column \d+\)/,
    );
  });
});
