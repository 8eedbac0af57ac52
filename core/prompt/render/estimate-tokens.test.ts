import { describe, expect, it } from "vitest";
import { estimateTokens } from "./estimate-tokens.ts";

describe("estimateTokens", () => {
  it("counts three bytes of UTF-8 as a token, rounded up", () => {
    for (const text of ["", "a", "hello world", "é", "日本語", "😀😀", "a\u20ac"]) {
      expect(estimateTokens(text)).toBe(Math.ceil(new TextEncoder().encode(text).length / 3));
    }
  });
});
