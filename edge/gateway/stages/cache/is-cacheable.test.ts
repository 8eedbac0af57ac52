import type { JsonObject } from "@millrace/core/contract";
import { expect, it } from "vitest";
import { summariseWhole } from "../../stream/summarise-whole.ts";
import { isCacheable } from "./index.ts";

const answer = (...reasons: readonly (string | null)[]): JsonObject => ({
  choices: reasons.map((finish_reason, index) => ({ index, text: "x", logprobs: null, finish_reason })),
});
const isKept = (body: JsonObject): boolean => isCacheable(summariseWhole("completions", body), JSON.stringify(body));

it("keeps an answer whose choices have all come to their own end, and vectors, which have none", () => {
  expect(isKept(answer("stop", "tool_calls"))).toBe(true);
  expect(isCacheable(summariseWhole("embeddings", { data: [] }), "{}")).toBe(true);
});

it.each([
  ["was cut off", ["length"]],
  ["was filtered", ["content_filter"]],
  ["did not say how it ended", [null]],
  ["did not say it of one of them", ["stop", null]],
])("keeps none that %s", (_name, reasons) => {
  expect(isKept(answer(...reasons))).toBe(false);
});
