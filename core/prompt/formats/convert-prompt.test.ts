import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PromptFormat } from "../../contract/api/prompts.ts";
import { type PromptContent, promptContentSchema } from "../../contract/prompt.ts";
import { exportPrompt, importPrompt } from "./convert-prompt.ts";

const formats: readonly PromptFormat[] = ["dotprompt", "prompty"];

const dotpromptFile = `# a licence
---
model: googleai/gemini-pro
description:   odd   spacing
config: {temperature: 0.7, topK: 40}   # a comment
tools: [searchDatabase]
ext1.foo: bar
input:
  schema:
    name: string, who asks
    items?(array): string
  default: {name: Ada}
output: {format: json, schema: {answer: string}}
---
{{role "system"}}
You help {{name}}.
{{history}}
{{role "user"}}
{{#each items}}- {{this}}
{{/each}}
`;
const promptyFile = `---
name: threaded-chat
model:
  id: gpt-4
  provider: foundry
  options: {temperature: 0.7, maxOutputTokens: 1000, custom: 1}
inputs:
  - {name: question, kind: string, default: Hello}
  - {name: conversation, kind: thread}
---
system:
You are a helpful assistant.

{{conversation}}

user:
{{question}}
`;

describe("importPrompt", () => {
  it("reads what a .prompt file says", () => {
    const { content, description } = importPrompt("dotprompt", dotpromptFile);
    expect(description).toBe("odd   spacing");
    expect(content).toMatchObject({
      engine: "dotprompt",
      system: "You help {{name}}.",
      messages: [{ slot: "history" }, { role: "user", content: "{{#each items}}- {{this}}\n{{/each}}" }],
      settings: { model: "googleai/gemini-pro", temperature: 0.7 },
      variables: { properties: { name: { type: "string", default: "Ada" } } },
      output: { name: "answer", schema: { properties: { answer: { type: "string" } } } },
      extensions: { dotprompt: { config: { topK: 40 }, tools: ["searchDatabase"], "ext1.foo": "bar" } },
    });
  });

  it("reads what a .prompty file says", () => {
    const { name, content } = importPrompt("prompty", promptyFile);
    expect(name).toBe("threaded-chat");
    expect(content).toMatchObject({
      engine: "jinja",
      system: "You are a helpful assistant.",
      messages: [{ slot: "history" }, { role: "user", content: "{{question}}" }],
      settings: { model: "gpt-4", temperature: 0.7, max_tokens: 1000 },
      variables: { properties: { question: { type: "string", default: "Hello" } } },
    });
  });

  it.each<[string, [PromptFormat, string, object]]>([
    [
      "malformed YAML, with its line",
      ["dotprompt", "---\nmodel: m\nconfig: [1,\n---\nx", { message: expect.stringMatching(/line \d+, column \d+/) }],
    ],
    [
      "a key of the wrong type, with its line",
      [
        "dotprompt",
        "---\nmodel: m\nconfig: 3\n---\nx",
        { param: "config", message: expect.stringContaining("line 3") },
      ],
    ],
    [
      "a setting of the wrong type, with its path",
      ["prompty", "---\nmodel: {id: m, options: {temperature: hot}}\n---\nx", { param: "settings.temperature" }],
    ],
    ["code in YAML", ["dotprompt", "---\nmodel: !!js/function 'x'\n---\nx", {}]],
    [
      "aliases that multiply",
      [
        "dotprompt",
        `---\na: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
          .split("")
          .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[i]}`).join(",")}]`)
          .join("\n")}\n---\nx`,
        {},
      ],
    ],
    [
      "an unknown template format",
      ["prompty", "---\ntemplate: {format: {kind: liquid}}\n---\nx", { param: "template" }],
    ],
    [
      "a role line inside a block",
      ["prompty", "{% if a %}\nuser:\n{% endif %}", { message: expect.stringContaining("line 1") }],
    ],
    ["a picoschema with an unknown type", ["dotprompt", "---\ninput: {schema: {a: strang}}\n---\nx", {}]],
  ])("refuses %s", (_what, [format, source, error]) => {
    expect(() => importPrompt(format, source)).toThrow(expect.objectContaining({ code: "invalid-prompt", ...error }));
  });
});

describe("importPrompt, on hostile files", () => {
  it.each(["system[a=", " ", "\n", "#\n", "---\n", "{{", "a\n---"])(
    "reads long runs of %j without quadratic time",
    (unit) => {
      const source = `${unit}${unit === "system[a=" ? " ".repeat(200_000) : unit.repeat(50_000)}x`;
      for (const format of formats) {
        try {
          expect(exportPrompt(format, importPrompt(format, source))).toBe(source);
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid-prompt" });
        }
      }
    },
  );
});

describe("a body beside messages in the front matter", () => {
  const file = (body: string) =>
    `---\nmodel: m\nmillrace:\n  engine: mustache\n  messages:\n    - slot: input\n---\n${body}`;

  it("keeps a system text that does not parse, so that publishing reports the fault and the text is not lost", () => {
    const { content } = importPrompt("dotprompt", file('{{role "system"}}\nHello {{#open}}\n'));
    expect(content.system).toBe("Hello {{#open}}");
  });

  it("is refused when it holds anything but the system text", () => {
    expect(() => importPrompt("dotprompt", file("Hello\n"))).toThrow(/holds the system text only/);
  });
});

describe("round trips", () => {
  it.each<[PromptFormat, string]>([
    ["dotprompt", dotpromptFile],
    ["dotprompt", dotpromptFile.replaceAll("\n", "\r\n")],
    ["dotprompt", "no front matter {{x}}  \n\n"],
    ["dotprompt", "---\nmodel: m\n---"],
    ["dotprompt", '{{#if a}}{{role "user"}}x{{/if}}'],
    ["dotprompt", ""],
    ["prompty", promptyFile],
    ["prompty", promptyFile.replaceAll("\n", "\r\n")],
    ["prompty", "You are concise."],
    ["prompty", "---\n---\nsystem:\nx\nuser:\n"],
  ])("gives back the bytes of an imported %s file (%#)", (format, source) => {
    const { name, description, content } = importPrompt(format, source);
    expect(exportPrompt(format, { name, description, content })).toBe(source);
  });

  it.each(formats)("writes an edited import anew, with what Millrace does not read (%s)", (format) => {
    const { name, description, content } = importPrompt(format, format === "dotprompt" ? dotpromptFile : promptyFile);
    const file = exportPrompt(format, { name, description, content: { ...content, constraints: ["new"] } });
    const again = importPrompt(format, file);
    expect(again.content.constraints).toEqual(["new"]);
    expect(again.content.extensions?.[format]).toEqual(content.extensions?.[format]);
    expect(file).toContain("\nmillrace:");
    expect(again).toMatchObject({ name, description });
  });

  it.each(formats)("reads back every content that it writes (%s)", (format) => {
    fc.assert(
      fc.property(contents, (content) => {
        const file = exportPrompt(format, { content });
        expect(importPrompt(format, file).content).toEqual(content);
        expect(exportPrompt(format, importPrompt(format, file))).toBe(file);
      }),
      { numRuns: 100 },
    );
  });
});

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    "",
    "\n",
    "user:\nx",
    '{{role "user"}}',
    "{{history}}",
    "a\r\nb",
    "---\n",
    " x ",
    "{{#a}}b{{/a}}",
    "#: &x",
    "null",
    "1e3",
    "\u0000",
  ),
);
const shortText = text.filter((value) => value !== "" && value.length <= 90);
const json = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .filter((value) => !JSON.stringify(value).includes("__proto__"));
const jsonObject = fc
  .dictionary(
    fc.string().filter((key) => key !== "__proto__"),
    json,
    { maxKeys: 3 },
  )
  .map((value) => JSON.parse(JSON.stringify(value)));
const turns = fc.array(fc.record({ role: fc.constantFrom("user", "assistant"), content: text }), {
  minLength: 1,
  maxLength: 3,
});
const contents: fc.Arbitrary<PromptContent> = fc
  .record(
    {
      task: fc.constantFrom("generate", "classify"),
      engine: fc.constantFrom("mustache", "jinja", "dotprompt"),
      system: text,
      few_shot: fc.array(fc.record({ name: shortText, messages: turns }, { requiredKeys: ["messages"] }), {
        maxLength: 2,
      }),
      constraints: fc.array(shortText, { maxLength: 2 }),
      messages: fc.array(
        fc.oneof(
          fc.record({ role: fc.constantFrom("system", "developer", "user", "assistant"), content: text }),
          fc.record(
            { slot: fc.constantFrom("input", "history", "profile"), max_tokens: fc.integer({ min: 1, max: 9 }) },
            { requiredKeys: ["slot"] },
          ),
        ),
        { maxLength: 4 },
      ),
      variables: fc.oneof(
        jsonObject,
        fc.constant({
          type: "object",
          properties: { a: { type: "string", "x-strict": true, default: "x" } },
          required: ["a"],
        }),
      ),
      output: fc.record({ name: fc.constantFrom("answer", "other"), schema: jsonObject }),
      settings: fc.record(
        {
          model: shortText,
          temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0),
          seed: fc.integer(),
          stop: fc.array(shortText, { maxLength: 2 }),
          cache_ttl_seconds: fc.integer({ min: 1, max: 99 }),
          tools: fc.array(jsonObject, { maxLength: 2 }),
        },
        { requiredKeys: ["model"] },
      ),
      includes: fc.constantFrom({}, { part: "part@3" }),
      extensions: fc.oneof(
        jsonObject,
        fc.constant({ dotprompt: { config: { topK: 1 }, name: "x" } }),
        fc.constant({ prompty: { metadata: { a: 1 } } }),
      ),
    },
    { requiredKeys: ["settings"] },
  )
  .map((value) => promptContentSchema.parse(JSON.parse(JSON.stringify(value))));
