import { describe, expect, it } from "vitest";
import { cohere } from "../../../edge/gateway/providers/cohere/index.ts";
import { askProvider } from "../ask-provider.ts";
import { describeProvider } from "../conformance.ts";
import { answer, cohereFixture, failure, use } from "./fixtures.ts";

describeProvider(cohereFixture);

const ask = askProvider("cohere", { secret: "co-0123456789abcdefghij", model: "command-a-reasoning-08-2025" });
const user = { role: "user", content: "hi" };
const hello = answer({ text: "Hello" }, "COMPLETE");
const tool = (name: string, strict?: boolean): object => ({
  type: "function",
  function: { name, ...(strict === undefined ? {} : { strict }) },
});

describe("Cohere", () => {
  it("gives the plan behind tool calls back to the model, the same from both forms of an answer", async () => {
    const given = answer({ plan: "I will look.", calls: [use("c1", "Paris")] }, "TOOL_CALL");
    const { message } = await ask.whole({ messages: [user] }, given.whole);
    const streamed = await ask.stream(
      { messages: [user] },
      { headers: { "content-type": "text/event-stream" }, chunks: given.stream },
    );
    expect(streamed.message).toEqual(message);
    expect(message).toMatchObject({
      reasoning_content: "I will look.",
      provider_fields: { cohere: { tool_plan: "I will look." } },
    });
    const again = await ask.whole(
      { messages: [user, message, { role: "tool", tool_call_id: "c1", content: "18" }] },
      hello.whole,
    );
    expect((again.sent["messages"] as object[])[1]).toEqual({
      role: "assistant",
      tool_plan: "I will look.",
      tool_calls: [use("c1", "Paris")],
    });
  });

  it("keeps thoughts and citations reachable", async () => {
    const content = [
      { type: "thinking", thinking: "Hm." },
      { type: "text", text: "Yes." },
    ];
    const citations = [{ start: 0, end: 3, text: "Yes", sources: [] }];
    const whole = { id: "x", finish_reason: "COMPLETE", message: { role: "assistant", content, citations } };
    const { message } = await ask.whole({ messages: [user] }, whole);
    expect(message).toMatchObject({
      content: "Yes.",
      reasoning_content: "Hm.",
      provider_fields: { cohere: { content, citations } },
    });
    const chunks = [
      { type: "message-start", id: "x", delta: { message: { role: "assistant" } } },
      { type: "content-start", index: 0, delta: { message: { content: { type: "thinking", thinking: "" } } } },
      { type: "content-delta", index: 0, delta: { message: { content: { thinking: "Hm." } } } },
      { type: "content-start", index: 1, delta: { message: { content: { type: "text", text: "" } } } },
      { type: "content-delta", index: 1, delta: { message: { content: { text: "Yes." } } } },
      { type: "citation-start", index: 0, delta: { message: { citations: citations[0] } } },
      { type: "message-end", delta: { finish_reason: "COMPLETE" } },
    ].map((event) => `data: ${JSON.stringify(event)}\n\n`);
    const streamed = await ask.stream(
      { messages: [user] },
      { headers: { "content-type": "text/event-stream" }, chunks },
    );
    expect(streamed.message).toEqual(message);
  });

  it("thinks as far as asked", async () => {
    const thinkingOf = async (effort: string): Promise<unknown> =>
      (await ask.whole({ messages: [user], reasoning_effort: effort }, hello.whole)).sent["thinking"];
    expect(await thinkingOf("none")).toEqual({ type: "disabled" });
    expect(await thinkingOf("low")).toEqual({ type: "enabled", token_budget: 1024 });
    expect(await thinkingOf("high")).toEqual({ type: "enabled" });
  });

  it("says what can be said of tools, and refuses the rest by its path", async () => {
    const one = { type: "function", function: { name: "f" } };
    const sole = await ask.whole({ messages: [user], tools: [tool("f", true)], tool_choice: one }, hello.whole);
    expect(sole.sent).toMatchObject({ tool_choice: "REQUIRED", strict_tools: true });
    const several = [tool("f"), tool("g")];
    await expect(ask.whole({ messages: [user], tools: several, tool_choice: one }, hello.whole)).rejects.toMatchObject({
      param: "tool_choice",
    });
    const mixed = [tool("f", true), tool("g", false)];
    await expect(ask.whole({ messages: [user], tools: mixed }, hello.whole)).rejects.toMatchObject({
      param: "tools[1].function.strict",
    });
  });

  it("tells a spent trial and an unknown token from a full server", async () => {
    const codeOf = async (status: number, message: string): Promise<unknown> =>
      ask
        .answer({ messages: [user] }, failure(status, message))
        .catch((error: unknown) => (error as { code: string }).code);
    expect(await codeOf(429, "You are using a Trial key, which is limited to 1000 API calls / month.")).toBe(
      "upstream-quota-exhausted",
    );
    expect(await codeOf(429, "You are using a Trial key, which is limited to 40 API calls / minute.")).toBe(
      "upstream-overloaded",
    );
    expect(await codeOf(498, "invalid token")).toBe("upstream-unauthorized");
  });

  it("embeds, cuts nothing, and asks for what the vectors are for", async () => {
    const served = { id: "x", embeddings: { float: [[1, 2]] }, meta: { billed_units: { input_tokens: 3 } } };
    const { body, sent, request } = await ask.whole({ input: "a", dimensions: 256 }, served, "embeddings");
    expect(request?.url).toBe("https://api.cohere.com/v2/embed");
    expect(sent).toMatchObject({
      texts: ["a"],
      input_type: "search_document",
      truncate: "NONE",
      output_dimension: 256,
    });
    expect(body).toMatchObject({ data: [{ embedding: [1, 2] }], usage: { prompt_tokens: 3, total_tokens: 3 } });
    await expect(ask.whole({ input: ["a", "b"] }, served, "embeddings")).rejects.toMatchObject({
      code: "upstream-garbage",
    });
  });

  it("knows what a model can do", () => {
    expect(cohere.capabilities("command-a-vision-07-2025").has("images")).toBe(true);
    expect(cohere.capabilities("c4ai-aya-expanse-32b").has("tools")).toBe(false);
  });
});
