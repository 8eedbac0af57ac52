import { exportPrompt, importPrompt } from "@millrace/core/prompt";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { describeWithVectors, readVectors } from "./vectors.ts";

const suitesSchema = z.array(z.object({ name: z.string(), template: z.string(), schemas: z.unknown().optional() }));
const casesSchema = z.array(z.object({ name: z.string(), template: z.string() }));
const dotpromptFiles = [
  "metadata",
  "partials",
  "picoschema",
  "unicode",
  "variables",
  "whitespace",
  ...["history", "ifEquals", "json", "media", "role", "section", "unlessEquals"].map((name) => `helpers/${name}`),
];

describeWithVectors("dotprompt", () => {
  for (const file of dotpromptFiles) {
    const suites = suitesSchema.parse(parse(readVectors(`dotprompt/${file}.yaml`)));
    // A file that names schemas which only the test's registry knows is refused on import.
    for (const { name, template } of suites.filter(({ schemas }) => schemas === undefined)) {
      if (template.includes("temperature: 3")) {
        it(`refuses ${file} ${name}: no model takes its temperature`, () => {
          expect(() => importPrompt("dotprompt", template)).toThrow(
            expect.objectContaining({ code: "invalid-prompt", param: "settings.temperature" }),
          );
        });
        continue;
      }
      it(`gives back the bytes of ${file} ${name}`, () => {
        expect(exportPrompt("dotprompt", importPrompt("dotprompt", template))).toBe(template);
      });
    }
  }
});

describeWithVectors("prompty", () => {
  for (const { name, template } of casesSchema.parse(JSON.parse(readVectors("prompty/render_golden.json")))) {
    it(`gives back the bytes of ${name}`, () => {
      expect(exportPrompt("prompty", importPrompt("prompty", template))).toBe(template);
    });
  }
});
