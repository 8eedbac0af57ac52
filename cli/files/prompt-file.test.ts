import { promptContentSchema } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { formatPromptFile, parsePromptFile, starterContent } from "./prompt-file.ts";

const content = promptContentSchema.parse({
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
    expect(parsePromptFile(formatPromptFile(content), "a.prompt")).toEqual(content);
    const starter = starterContent("m");
    expect(parsePromptFile(formatPromptFile(starter), "a.prompt")).toEqual(starter);
  });

  it("is a fixed point: formatting what was parsed changes no byte", () => {
    const file = formatPromptFile(content);
    expect(formatPromptFile(parsePromptFile(file, "a.prompt"))).toBe(file);
  });

  it("says the line and column of a fault", () => {
    const file = formatPromptFile(content).replace("temperature: 0", "temperature: hot");
    const line = file.split("\n").findIndex((text) => text.includes(": hot")) + 1;
    expect(() => parsePromptFile(file, "a.prompt")).toThrow(new RegExp(`^a\\.prompt:${line}:\\d+: .*temperature`));
    expect(() => parsePromptFile("system: [unclosed\n", "a.prompt")).toThrow(/^a\.prompt:\d+:\d+: /);
    expect(() => parsePromptFile("", "a.prompt")).toThrow(/^a\.prompt:1:1: /);
  });
});
