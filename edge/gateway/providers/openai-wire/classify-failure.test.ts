import { describe, expect, it } from "vitest";
import { classifyFailure, retryAfterSeconds, scrub } from "./classify-failure.ts";

const context = { secret: "s3cret-value", trustCodes: false, nowMs: Date.UTC(2026, 10, 22) };
const error = (fields: object): string => JSON.stringify({ error: fields });

describe("classifyFailure", () => {
  it.each([
    [400, error({ message: "bad" }), "invalid-request"],
    [400, error({ message: "x", code: "context_length_exceeded" }), "context-too-long"],
    [413, error({ message: "prompt is too long" }), "context-too-long"],
    [422, JSON.stringify({ detail: "odd" }), "invalid-request"],
    [400, error({ message: "no", code: "unsupported_parameter" }), "unsupported-parameter"],
    [401, "", "upstream-unauthorized"],
    [403, "<html>", "upstream-unauthorized"],
    [404, error({ message: "no model" }), "upstream-rejected"],
    [408, "", "upstream-timeout"],
    [429, "", "upstream-overloaded"],
    [500, "", "upstream-garbage"],
    [503, "", "upstream-overloaded"],
    [504, "", "upstream-timeout"],
    [529, "", "upstream-overloaded"],
  ] as const)("%i %s is %s", (...[status, body, code]) => {
    expect(classifyFailure({ status, retryAfter: undefined, body }, context).code).toBe(code);
  });

  it("takes our own codes from our own runner only", () => {
    const failure = { status: 429, retryAfter: undefined, body: error({ code: "overloaded", message: "full" }) };
    expect(classifyFailure(failure, { ...context, trustCodes: true }).code).toBe("overloaded");
    expect(classifyFailure(failure, context).code).toBe("upstream-overloaded");
  });
});

describe("what a caller reads", () => {
  it("never holds a secret, ours or alike", () => {
    expect(scrub("key s3cret-value, sk-abcdefghijkl, Bearer abc", "s3cret-value")).toBe(
      "key [secret], [secret], [secret]",
    );
  });

  it.each([
    ["7", 7],
    ["0.2", 1],
    ["100000", 120],
    ["Sun, 22 Nov 2026 00:00:30 GMT", 30],
    ["soon", undefined],
    [undefined, undefined],
  ])("reads retry-after %s as %s seconds", (header, seconds) => {
    expect(retryAfterSeconds(header, context.nowMs)).toBe(seconds);
  });
});
