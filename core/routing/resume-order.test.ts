import { describe, expect, it } from "vitest";
import { type ResumeSituation, resumeOrder } from "./resume-order.ts";

const plain = { model: "m", capabilities: new Set<never>() };
const prefills = { model: "p", capabilities: new Set(["prefill"] as const) };
const situation: ResumeSituation = {
  surface: "chat",
  candidates: [plain, { ...plain, model: "other" }, prefills, plain],
  broken: [0],
  spent: new Set(),
  retryHelps: true,
  ways: ["continue", "regenerate"],
};
const told = (given: ResumeSituation): string[] =>
  resumeOrder(given).map(({ candidate, way }) => `${way} ${candidate}`);

describe("resumeOrder", () => {
  it("continues where a target can, then tells it again with the same model first and the broken target last", () => {
    expect(told(situation)).toEqual(["continue 2", "regenerate 3", "regenerate 1", "regenerate 2", "regenerate 0"]);
  });

  it("leaves out targets that failed, and the broken one when it would do so again", () => {
    expect(told({ ...situation, spent: new Set([3]), retryHelps: false, ways: ["regenerate"] })).toEqual([
      "regenerate 1",
      "regenerate 2",
    ]);
  });

  it("returns to a target that broke before only when nobody else is left", () => {
    expect(told({ ...situation, broken: [0, 2], ways: ["regenerate"] })).toEqual([
      "regenerate 3",
      "regenerate 1",
      "regenerate 0",
      "regenerate 2",
    ]);
  });

  it("continues a plain completion anywhere", () => {
    expect(told({ ...situation, surface: "completions", candidates: [plain, plain] })).toEqual([
      "continue 1",
      "continue 0",
      "regenerate 1",
      "regenerate 0",
    ]);
  });
});
