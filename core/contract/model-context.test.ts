import { expect, it } from "vitest";
import { contextTokensOf } from "./model-context.ts";
import { modelSchema } from "./route.ts";

const target = (context_tokens?: number) => ({ kind: "target", provider: "p", model: "m", context_tokens });
const of = (routes: readonly object[], context_tokens?: number): number | undefined =>
  contextTokensOf(modelSchema.parse({ name: "m", route: { kind: "fallback", routes }, context_tokens }));

it("is the least that any target takes, which the target knows better than the model", () => {
  expect(of([target(1024), target(128_000)])).toBe(1024);
  expect(of([target(), target(128_000)], 8_000)).toBe(8_000);
});

it("is not known where one target does not say", () => {
  expect(of([target(1024), target()])).toBeUndefined();
});
