import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerOf, errorOf, startTestRunner, type TestRunner } from "./start-test-runner.ts";

let runner: TestRunner;
beforeAll(async () => {
  runner = await startTestRunner();
}, 60_000);
afterAll(() => runner.stop());

const post = (path: string, body: object) =>
  fetch(`${runner.url}${path}`, { method: "POST", body: JSON.stringify({ model: runner.model, ...body }) });

/** What is asked here is answered without the engine, or never. */
async function whileEngineStandsStill<T>(ask: () => Promise<T>): Promise<T> {
  const pid = runner.runner.enginePid() ?? 0;
  process.kill(pid, "SIGSTOP");
  try {
    return await ask();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

describe("a text that cannot fit whatever its tokens are is refused before the engine sees it", () => {
  const huge = "x".repeat(7_000_000);
  const part = "x".repeat(1_000);
  const turns = ["user", "assistant", "user", "assistant", "user"].map((role) => ({ role, content: part }));
  const tool = { type: "function", function: { name: "f", description: "x".repeat(10_000) } };
  const cases: [string, string, object, string][] = [
    ["one message", "/v1/chat/completions", { messages: [{ role: "user", content: huge }] }, "messages"],
    ["messages that are too long together", "/v1/chat/completions", { messages: turns }, "messages"],
    [
      "the description of a tool",
      "/v1/chat/completions",
      { messages: [{ role: "user", content: "hello" }], tools: [tool] },
      "messages",
    ],
    ["a text to complete", "/v1/completions", { prompt: ["hello", huge] }, "prompt"],
    ["a text to embed", "/v1/embeddings", { input: huge }, "input"],
    ["one text of several to embed", "/v1/embeddings", { input: ["hello", huge] }, "input[1]"],
  ];
  it.each(cases)("%s", async (...[, path, body, param]) => {
    const error = await whileEngineStandsStill(async () => errorOf(await post(path, body)));
    expect(error).toMatchObject({ status: 400, code: "context-too-long", param });
    expect(error.message).toMatch(/at least \d+ tokens; .*51[12]/);
  });
});

describe("a text that fits because its tokens are long", () => {
  // The longest pieces of the tiny model: 6 bytes each, so that 500 of them are nearly the whole context.
  const text = " world".repeat(500);

  it("is answered", async () => {
    const chat = await answerOf(await runner.chat({ messages: [{ role: "user", content: text }], max_tokens: 1 }));
    expect(chat.usage.prompt_tokens).toBeGreaterThanOrEqual(500);
    expect((await post("/v1/completions", { prompt: text, max_tokens: 1 })).status).toBe(200);
    expect((await post("/v1/embeddings", { input: text })).status).toBe(200);
  });
});
