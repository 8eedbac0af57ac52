import {
  compileDotprompt,
  type DotpromptMessage,
  partialsFromSources,
  readDotpromptFile,
  renderCompiledTemplate,
  toMessages,
} from "@millrace/core/prompt";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { describeWithVectors, readVectors } from "./vectors.ts";

const record = z.record(z.string(), z.unknown());
const partSchema = z.custom<DotpromptMessage>((value) => typeof value === "object" && value !== null);
const dataSchema = z.object({
  input: record.optional(),
  context: record.optional(),
  messages: z.array(partSchema).optional(),
});
const suiteSchema = z.object({
  name: z.string(),
  template: z.string(),
  data: dataSchema.optional(),
  schemas: z.record(z.string(), z.record(z.string(), z.json())).default({}),
  partials: z.record(z.string(), z.string()).default({}),
  resolverPartials: z.record(z.string(), z.string()).default({}),
  tests: z.array(
    z.object({
      desc: z.string(),
      data: dataSchema.optional(),
      options: z.object({ input: z.object({ default: record }) }).optional(),
      expect: record,
    }),
  ),
});

const files = [
  "metadata",
  "partials",
  "picoschema",
  "unicode",
  "variables",
  "whitespace",
  ...["history", "ifEquals", "json", "media", "role", "section", "unlessEquals"].map((name) => `helpers/${name}`),
];

describeWithVectors("dotprompt", () => {
  for (const file of files) {
    const suites = z.array(suiteSchema).parse(parse(readVectors(`dotprompt/${file}.yaml`)));
    for (const suite of suites) {
      describe(`${file} ${suite.name}`, () => {
        for (const test of suite.tests) {
          it(test.desc, () => {
            const { metadata, raw, template } = readDotpromptFile(suite.template, suite.schemas);
            const data = { ...suite.data, ...test.data };
            const segments = renderCompiledTemplate(compileDotprompt(template), {
              variables: { ...test.options?.input?.default, ...data.input },
              partials: partialsFromSources({ ...suite.partials, ...suite.resolverPartials }, compileDotprompt),
              data: data.context ?? {},
            });
            const { raw: expectedRaw, messages, ...expected } = test.expect;
            expect(toMessages(segments, data.messages)).toEqual(messages);
            expect({ ext: {}, config: {}, ...metadata, ...test.options }).toEqual({ ext: {}, config: {}, ...expected });
            if (expectedRaw !== undefined) expect(raw).toEqual(expectedRaw);
          });
        }
      });
    }
  }
});
