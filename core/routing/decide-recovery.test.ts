import { describe, expect, it } from "vitest";
import { type BrokenExchange, decideRecovery, type DeliveredAnswer } from "./decide-recovery.ts";

const exchange: BrokenExchange = { surface: "chat", recovery: "resume", choices: 1, fields: {} };
const delivered: DeliveredAnswer = { text: "Hello", reasoning: "", unjoinable: undefined };

describe("decideRecovery", () => {
  it("continues plain text, and tells it again where no target can continue", () => {
    expect(decideRecovery(delivered, exchange)).toEqual({ kind: "resume", ways: ["continue", "regenerate"] });
  });

  it.each([
    ["nothing but white space was delivered", { ...delivered, text: " \n" }, exchange],
    ["only reasoning was delivered", { ...delivered, text: "", reasoning: "Let me" }, exchange],
    ["a schema constrains it", delivered, { ...exchange, fields: { response_format: { type: "json_schema" } } }],
  ])("only tells an answer again when %s", (_name, was, broken) => {
    expect(decideRecovery(was, broken)).toEqual({ kind: "resume", ways: ["regenerate"] });
  });

  it.each([
    ["tool-call", { ...delivered, unjoinable: "tool-call" as const }, exchange],
    ["several-choices", delivered, { ...exchange, choices: 2 }],
    ["logprobs", delivered, { ...exchange, fields: { logprobs: true } }],
    ["turned-off", delivered, { ...exchange, recovery: "fail" as const }],
    ["echo", delivered, { ...exchange, surface: "completions" as const, fields: { echo: true } }],
  ])("fails openly because of %s", (reason, was, broken) => {
    expect(decideRecovery(was, broken)).toEqual({ kind: "fail", reason });
  });
});
