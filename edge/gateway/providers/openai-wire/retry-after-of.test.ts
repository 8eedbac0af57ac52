import { describe, expect, it } from "vitest";
import { retryAfterOf } from "./retry-after-of.ts";

describe("retryAfterOf", () => {
  it.each([
    ["the plain header", { "retry-after": "7" }, "7"],
    ["milliseconds before seconds", { "retry-after": "2", "retry-after-ms": "1250" }, "1.25"],
    [
      "the reset of what is used up, where nothing else is said",
      {
        "x-ratelimit-remaining-requests": "12",
        "x-ratelimit-reset-requests": "1h",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m30.5s",
      },
      "90.5",
    ],
    [
      "the longer of two resets",
      {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "20ms",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "3",
      },
      "3",
    ],
    ["nothing", { "x-ratelimit-remaining-tokens": "0" }, undefined],
  ])("reads %s", (_name, headers, expected) => {
    expect(retryAfterOf(new Headers(headers as Record<string, string>))).toBe(expected);
  });
});
