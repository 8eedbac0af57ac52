import type { JsonObject } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { truncateItems } from "./truncate-items.ts";

const message = (role: string, tokens: number): JsonObject => ({ type: "message", role, tokens });
const call = (id: string, tokens = 1): JsonObject => ({ type: "function_call", call_id: id, tokens });
const result = (id: string, tokens = 1): JsonObject => ({ type: "function_call_output", call_id: id, tokens });
const truncate = (items: readonly JsonObject[], maxTokens: number): readonly number[] => {
  const kept = truncateItems(items, { maxTokens, tokensOf: (item) => Number(item["tokens"]) });
  return kept.map((item) => items.indexOf(item));
};

describe("truncateItems", () => {
  it("leaves alone what fits", () => {
    expect(truncate([message("user", 5), message("assistant", 5)], 10)).toEqual([0, 1]);
  });

  it("drops the oldest, and keeps instructions and the question", () => {
    const items = [
      message("system", 5),
      message("user", 5),
      message("assistant", 5),
      message("developer", 5),
      message("user", 90),
    ];
    expect(truncate(items, 100)).toEqual([0, 3, 4]);
    expect(truncate(items, 1)).toEqual([0, 3, 4]);
  });

  it("never leaves a result without its call", () => {
    const items = [call("a", 50), result("a", 1), message("user", 5)];
    expect(truncate(items, 10)).toEqual([2]);
  });

  it("keeps the calls whose results are to be answered", () => {
    const items = [message("user", 50), call("a"), call("b"), result("a"), result("b")];
    expect(truncate(items, 10)).toEqual([1, 2, 3, 4]);
    expect(truncate(items, 1)).toEqual([1, 2, 3, 4]);
  });
});
