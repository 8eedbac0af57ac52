import { describe, expect, it } from "vitest";
import { exportPrompt, importPrompt } from "./convert-prompt.ts";
import { findIdleSettings } from "./find-idle-settings.ts";

const idleIn = (frontMatter: string) =>
  Object.fromEntries(
    findIdleSettings(importPrompt("dotprompt", `---\nmodel: m\n${frontMatter}\n---\nHello\n`).content).map(
      ({ path, message }) => [path, message],
    ),
  );

describe("settings of a .prompt file that have no effect", () => {
  it("are named, and a typo with the name that was meant", () => {
    expect(idleIn("config: { temperatur: 0.1, TopP: 1, stop_sequence: [x] }")).toEqual({
      "config.temperatur": "`temperatur` has no effect here; did you mean `temperature`, under `config`?",
      "config.TopP": "`TopP` has no effect here; did you mean `topP`, under `config`?",
      "config.stop_sequence": "`stop_sequence` has no effect here; did you mean `stopSequences`, under `config`?",
    });
  });

  it("are sent to where they belong", () => {
    expect(idleIn("config: { cache_ttl_seconds: 60, model: x, constraints: [] }")).toEqual({
      "config.cache_ttl_seconds": "`cache_ttl_seconds` has no effect here; it belongs under `millrace: settings`",
      "config.model": "`model` has no effect here; it belongs at the top of the file",
      "config.constraints": "`constraints` has no effect here; it belongs under `millrace`",
    });
    expect(idleIn("system: You help.\nvariables: { a: string }\nsettings: { temperature: 0 }")).toEqual({
      system: '`system` has no effect here; it belongs in the body, behind `{{role "system"}}`',
      variables: "`variables` has no effect here; did you mean `schema`, under `input`?",
      settings: "`settings` has no effect here; it belongs under `millrace`",
    });
    expect(idleIn("temperature: 0\ntools: [searchDatabase]\nconstraints: [x]")).toEqual({
      temperature: "`temperature` has no effect here; it belongs under `config`",
      tools: "`tools` has no effect here; it belongs under `millrace: settings`",
      constraints: "`constraints` has no effect here; it belongs under `millrace`",
    });
  });

  it("are known by the words of OpenAI's API", () => {
    expect(idleIn("config: { max_tokens: 9, top_p: 1, max_completion_tokens: 9 }")).toEqual({
      "config.max_tokens": "`max_tokens` has no effect here; did you mean `maxOutputTokens`, under `config`?",
      "config.top_p": "`top_p` has no effect here; did you mean `topP`, under `config`?",
      "config.max_completion_tokens":
        "`max_completion_tokens` has no effect here; did you mean `maxOutputTokens`, under `config`?",
    });
  });

  it("are told with what is taken there, where nothing is near", () => {
    const idle = idleIn("config: { bogus_setting: 60, topK: 40 }");
    for (const name of ["bogus_setting", "topK"]) {
      expect(idle[`config.${name}`]).toContain(`\`${name}\` has no effect: \`config\` takes temperature, topP, `);
      expect(idle[`config.${name}`]).toContain("`millrace: settings` takes cache_ttl_seconds, tools");
    }
  });

  it("are found in misspelt sections, and in input and output", () => {
    expect(
      idleIn("confg: { temperature: 0 }\noutput: { shema: { a: string } }\ninput: { defaults: { a: x } }"),
    ).toEqual({
      confg: "`confg` has no effect here; did you mean `config`, at the top of the file?",
      "output.shema": "`shema` has no effect here; did you mean `schema`, under `output`?",
      "input.defaults": "`defaults` has no effect here; did you mean `default`, under `input`?",
    });
  });

  it("are none in a file that says only what Millrace and other tools read", () => {
    const everything =
      "config: { temperature: 0, topP: 1, maxOutputTokens: 9, seed: 1, stopSequences: [x], presencePenalty: 0, frequencyPenalty: 0 }\n" +
      "metadata: { a: 1 }\nvariant: b\next1.temperature: 1\nmillrace: { settings: { cache_ttl_seconds: 60 } }";
    expect(idleIn(everything)).toEqual({});
  });

  it("are kept all the same, byte by byte", () => {
    const file = "---\nmodel: m\nconfig: { temperatur: 0.1,   bogus_setting: 60 }\n---\nHello\n";
    const { content } = importPrompt("dotprompt", file);
    expect(exportPrompt("dotprompt", { content })).toBe(file);
    expect(content.extensions?.["dotprompt"]).toEqual({ config: { temperatur: 0.1, bogus_setting: 60 } });
  });
});
