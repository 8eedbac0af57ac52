import { type ErrorCode, MillraceError, providerSchema } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { combineFailures, type MissedAnswer } from "./combine-failures.ts";

const target = (name: string) => ({
  provider: providerSchema.parse({ name, kind: "openai-compatible", base_url: "http://localhost" }),
  model: `model-${name}`,
  tier: "cloud" as const,
});
const failed = (name: string, code: ErrorCode, retryAfterSeconds?: number): MissedAnswer => ({
  target: target(name),
  error: new MillraceError(code, {
    message: `${name}: ${code}`,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }),
});
const refused = (name: string, retryAfterMs: number): MissedAnswer => ({
  target: target(name),
  refused: { ok: false, reason: "circuit-open", retryAfterMs },
});

describe("combineFailures", () => {
  it("leaves a single failure as it is", () => {
    const only = failed("a", "upstream-garbage");
    expect("error" in only && combineFailures([only]) === only.error).toBe(true);
  });

  it("names every cause in order, and the soonest wait", () => {
    const error = combineFailures([
      failed("a", "upstream-overloaded", 60),
      refused("b", 1500),
      failed("c", "upstream-timeout"),
    ]);
    expect([error.code, error.status, error.retryAfterSeconds]).toEqual(["upstream-overloaded", 429, 2]);
    expect(error.causes?.map(({ provider, code }) => `${provider} ${code}`)).toEqual([
      "a upstream-overloaded",
      "b targets-unavailable",
      "c upstream-timeout",
    ]);
  });

  it.each<[string, ErrorCode[], ErrorCode]>([
    [
      "does not let a fallback that dislikes the request hide the fault",
      ["upstream-garbage", "invalid-request"],
      "upstream-garbage",
    ],
    ["prefers what time can mend", ["upstream-unauthorized", "upstream-overloaded"], "upstream-overloaded"],
    ["passes a verdict on", ["upstream-garbage", "content-filtered"], "content-filtered"],
    ["says that the caller left", ["upstream-garbage", "client-closed"], "client-closed"],
    ["blames the request where all did", ["context-too-long", "invalid-request"], "context-too-long"],
  ])("%s", (_name, codes, expected) => {
    expect(combineFailures(codes.map((code, index) => failed(`p${index}`, code))).code).toBe(expected);
  });

  it("tells of a broken stream what broke it", () => {
    const breach = new MillraceError("upstream-truncated");
    const error = combineFailures([failed("a", "upstream-overloaded"), failed("b", "upstream-truncated")], breach);
    expect(error.code).toBe("upstream-truncated");
  });

  it("says when to come back where nobody could be asked", () => {
    const error = combineFailures([refused("a", 3000), refused("b", 900)]);
    expect([error.code, error.status, error.retryAfterSeconds]).toEqual(["targets-unavailable", 503, 1]);
  });
});
