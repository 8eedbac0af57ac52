import { limitHeaders } from "@millrace/core/ledger";
import { describe, expect, it } from "vitest";
import { corsHeaders, preflightResponse } from "./cors.ts";

const ORIGIN = "https://app.example";
const listOf = (text: string | null | undefined): string[] => (text ?? "").split(",").map((name) => name.trim());

describe("a preflight", () => {
  const allowed = listOf(preflightResponse(ORIGIN, [ORIGIN]).headers.get("access-control-allow-headers"));

  it.each([
    ["OpenAI's client", ["authorization", "content-type", "openai-organization", "openai-project", "openai-beta"]],
    [
      "Anthropic's client",
      ["x-api-key", "anthropic-version", "anthropic-beta", "anthropic-dangerous-direct-browser-access"],
    ],
    [
      "either client about itself",
      "arch lang os package-version runtime runtime-version retry-count timeout helper helper-method poll-helper"
        .split(" ")
        .map((name) => `x-stainless-${name}`),
    ],
    ["a caller of ours", ["x-millrace-cache", "x-millrace-cache-tags", "cache-control", "traceparent", "tracestate"]],
  ])("allows what %s sends", (_name, sent) => {
    for (const name of sent) expect(allowed).toContain(name);
  });

  it("allows what nobody here knows, which a route may look at", () => {
    expect(allowed).toContain("*");
  });

  it("allows nothing to a page that may not call", () => {
    expect([...preflightResponse("https://other.example", [ORIGIN]).headers]).toEqual([]);
  });
});

describe("an answer to a page that may call", () => {
  it("lets it read what answers say about themselves", () => {
    const exposed = listOf(corsHeaders(ORIGIN, [ORIGIN])["access-control-expose-headers"]);
    const accounts = (["requests", "tokens", "usd_micros"] as const).map((metric) => {
      const state = { budget: "b", account: "a", limit: 2, spent: 1, reserved: 0, windowMs: 1, resetsAtMs: 1 };
      return { ...state, metric };
    });
    const ours = "trace resolved tier prompt provider model attempts cache cost-usd-micros config".split(" ");
    for (const name of [
      ...Object.keys(limitHeaders(accounts, 0)),
      ...ours.map((one) => `x-millrace-${one}`),
      "retry-after",
      "x-should-retry",
      "request-id",
      "x-request-id",
      "server-timing",
    ])
      expect(exposed).toContain(name);
  });
});
