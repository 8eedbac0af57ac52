import { MillraceError } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { errorResponse } from "./error-response.ts";

const shouldRetry = (error: MillraceError): string | null =>
  errorResponse(error, { path: "/v1/chat/completions", asked: new Headers() }).headers.get("x-should-retry");

describe("x-should-retry, by which OpenAI's and Anthropic's clients decide", () => {
  it.each([
    ["an error that no second request mends", new MillraceError("secret-missing")],
    ["a spent budget, also with a time to come back", new MillraceError("budget-exceeded", { retryAfterSeconds: 5 })],
    ["a conflict, which the clients would ask again", new MillraceError("version-conflict")],
    ["a limit that could never hold the request", new MillraceError("rate-limited")],
    ["a wait longer than the clients wait", new MillraceError("rate-limited", { retryAfterSeconds: 61 })],
    ["the same of a provider", new MillraceError("upstream-overloaded", { retryAfterSeconds: 3600 })],
  ])("is false for %s", (_name, error) => {
    expect(shouldRetry(error)).toBe("false");
  });

  it.each([
    ["a limit that passes soon", new MillraceError("rate-limited", { retryAfterSeconds: 60 })],
    ["a full provider that names no time", new MillraceError("upstream-overloaded")],
    ["a provider that is away", new MillraceError("upstream-refused")],
    ["a fault of ours", new MillraceError("internal")],
  ])("leaves %s to the client", (_name, error) => {
    expect(shouldRetry(error)).toBeNull();
  });
});

describe("the envelope of an error", () => {
  const anthropic = { "anthropic-version": "2023-06-01" };
  const bodyOf = async (path: string, headers: Record<string, string>): Promise<unknown> =>
    errorResponse(new MillraceError("invalid-key"), { path, asked: new Headers(headers) }).json();

  it.each([
    ["/v1/messages", {}],
    ["/v1/messages/count_tokens", {}],
    ["/v1/models", anthropic],
    ["/v1/models/prompt:greet", anthropic],
  ])("is Anthropic's for its client at %s", async (path, headers) => {
    expect(await bodyOf(path, headers)).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  });

  it.each([
    ["/v1/models", {}],
    ["/v1/chat/completions", anthropic],
  ])("is OpenAI's at %s", async (path, headers) => {
    expect(await bodyOf(path, headers)).toMatchObject({ error: { code: "invalid-key", param: null } });
  });

  it("is problem+json below /api", async () => {
    expect(await bodyOf("/api/v1/prompts", {})).toMatchObject({ status: 401, code: "invalid-key" });
  });
});
