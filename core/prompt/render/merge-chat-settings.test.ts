import { describe, expect, it } from "vitest";
import { mergeChatSettings } from "./merge-chat-settings.ts";

const settings = { model: "m", temperature: 0.2, max_tokens: 9, tools: [{ type: "function" }], cache_ttl_seconds: 5 };

describe("mergeChatSettings", () => {
  it("takes the version's settings when the caller says nothing, or null", () => {
    const expected = { model: "m", temperature: 0.2, max_tokens: 9, tools: [{ type: "function" }] };
    expect(mergeChatSettings({ settings })).toEqual(expected);
    expect(mergeChatSettings({ settings }, { temperature: null })).toEqual(expected);
  });

  it("lets the caller's zero, empty list and other limit win", () => {
    expect(mergeChatSettings({ settings }, { temperature: 0, tools: [], max_completion_tokens: 3 })).toEqual({
      model: "m",
      temperature: 0,
      tools: [],
      max_completion_tokens: 3,
    });
  });

  it("keeps the version's model, and takes no messages or call from the caller", () => {
    const overrides = { model: "other", messages: [], prompt: { variables: {} } };
    expect(mergeChatSettings({ settings: { model: "m" } }, overrides)).toEqual({ model: "m" });
  });
});
