import { compileMustache, partialsFromSources, renderCompiledTemplate, segmentsText } from "@millrace/core/prompt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeWithVectors, readVectors } from "./vectors.ts";

const vectorFileSchema = z.object({
  tests: z.array(
    z.object({
      name: z.string(),
      desc: z.string(),
      data: z.unknown(),
      template: z.string(),
      partials: z.record(z.string(), z.string()).optional(),
      expected: z.string(),
    }),
  ),
});

/** Required modules, and the optional one that makes sense for prompts. Not supported by rule: `~inheritance`, `~lambdas`. */
const modules = ["comments", "delimiters", "interpolation", "inverted", "partials", "sections", "~dynamic-names"];

const escaped = (source: string) => compileMustache(source, { escapeHtml: true });

describeWithVectors("mustache", () => {
  for (const module of modules) {
    const { tests } = vectorFileSchema.parse(JSON.parse(readVectors(`mustache/${module}.json`)));
    describe(module, () => {
      for (const test of tests) {
        it(`${test.name}: ${test.desc}`, () => {
          const segments = renderCompiledTemplate(escaped(test.template), {
            // The specification also renders against a bare value; a frame takes any.
            variables: test.data as Record<string, unknown>,
            partials: partialsFromSources(test.partials ?? {}, escaped),
          });
          expect(segmentsText(segments)).toBe(test.expected);
        });
      }
    });
  }
});
