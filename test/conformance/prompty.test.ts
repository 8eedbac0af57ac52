import { parseJinja, renderTemplate, segmentsText } from "@millrace/core/prompt";
import { expect, it } from "vitest";
import { z } from "zod";
import { describeWithVectors, readVectors } from "./vectors.ts";

const caseSchema = z.object({
  name: z.string(),
  template: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  strict_props: z.array(z.string()).default([]),
  throws: z.string().optional(),
  rendered: z.string().optional(),
  ast: z.unknown().optional(),
  segments: z.array(z.record(z.string(), z.unknown())).optional(),
});
const read = (file: string) => z.array(caseSchema).parse(JSON.parse(readVectors(`prompty/${file}`)));

const render = (test: z.output<typeof caseSchema>) =>
  renderTemplate({
    engine: "jinja",
    source: test.template,
    variables: test.inputs,
    strict: new Set(test.strict_props),
  });

describeWithVectors("prompty", () => {
  for (const test of read("ast_golden.json")) {
    it(`parses ${test.name} to the golden tree`, () => {
      expect({ nodes: parseJinja(test.template).nodes }).toEqual(test.ast);
    });
  }
  for (const test of read("render_golden.json")) {
    it(`renders ${test.name} to the golden text`, () => {
      if (test.throws === undefined) expect(segmentsText(render(test))).toBe(test.rendered);
      else expect(() => render(test)).toThrow(expect.objectContaining({ code: "unsafe-interpolation" }));
    });
  }
  for (const test of read("segments_golden.json")) {
    it(`renders ${test.name} to the golden segments`, () => {
      if (test.throws !== undefined) {
        expect(() => render(test)).toThrow(expect.objectContaining({ code: "unsafe-interpolation" }));
        return;
      }
      const segments = render(test).map((segment) =>
        segment.kind === "interp" ? segment : { ...segment, source: null, strict: false },
      );
      expect(segments).toEqual(test.segments);
    });
  }
});
