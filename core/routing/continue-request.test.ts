import { describe, expect, it } from "vitest";
import { continueRequest } from "./continue-request.ts";

const user = { role: "user", content: "hi" };

describe("continueRequest", () => {
  it("ends the conversation with what was delivered, without what a server would refuse", () => {
    const fields = { model: "m", messages: [user], max_tokens: 10 };
    expect(continueRequest({ surface: "chat", fields }, { text: "Hello \n", tokens: 2 })).toEqual({
      fields: { model: "m", messages: [user, { role: "assistant", content: "Hello" }], max_tokens: 8 },
      prefillLength: 5,
    });
    const half = "Hi 😀".slice(0, 4);
    expect(continueRequest({ surface: "chat", fields }, { text: half, tokens: 1 })?.prefillLength).toBe(2);
  });

  it("extends the turn that the caller began", () => {
    const fields = { messages: [user, { role: "assistant", content: "{" }] };
    expect(continueRequest({ surface: "chat", fields }, { text: '"a"', tokens: 1 })?.fields).toEqual({
      messages: [user, { role: "assistant", content: '{"a"' }],
    });
  });

  it("extends the prompt of a plain completion, and no list of prompts", () => {
    const completion = (prompt: string | string[]) =>
      continueRequest({ surface: "completions", fields: { prompt } }, { text: "b", tokens: 1 })?.fields;
    expect(completion("a")).toEqual({ prompt: "ab" });
    expect(completion(["a", "c"])).toBeUndefined();
  });

  it("leaves room for at least one token", () => {
    const fields = { messages: [user], max_completion_tokens: 3 };
    expect(
      continueRequest({ surface: "chat", fields }, { text: "Hello", tokens: 9 })?.fields["max_completion_tokens"],
    ).toBe(1);
  });
});
