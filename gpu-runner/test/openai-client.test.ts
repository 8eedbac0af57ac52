import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRunner, until, type TestRunner } from "./start-test-runner.ts";

let runner: TestRunner;
let client: OpenAI;
beforeAll(async () => {
  runner = await startTestRunner({ MILLRACE_RUNNER_TOKEN: "key" }, { contextLength: 4096 });
  client = new OpenAI({ baseURL: `${runner.url}/v1`, apiKey: "key", maxRetries: 0 });
}, 60_000);
afterAll(() => runner.stop());

const messages = [{ role: "user" as const, content: "hello world" }];
const tool = {
  type: "function" as const,
  function: {
    name: "look_up",
    parameters: { type: "object", properties: { id: { type: "integer" } }, required: ["id"] },
  },
};

describe("the official OpenAI client", () => {
  it("chats, streamed and not, and reads usage at the stream's end", async () => {
    const body = { model: runner.model, messages, temperature: 0, max_tokens: 30 };
    const whole = await client.chat.completions.create(body);
    let text = "";
    let tokens = 0;
    for await (const chunk of await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    })) {
      text += chunk.choices[0]?.delta.content ?? "";
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(tokens).toBe(30);
  });

  it("assembles a streamed tool call and goes on with its result", async () => {
    const body = {
      model: runner.model,
      messages,
      tools: [tool],
      tool_choice: "required" as const,
      max_tokens: 300,
      seed: 1,
    };
    const message = await client.chat.completions.stream(body).finalMessage();
    const call = message.tool_calls?.[0];
    expect(call?.type === "function" && call.function.name).toBe("look_up");
    const next = await client.chat.completions.create({
      model: runner.model,
      max_tokens: 5,
      messages: [...messages, message, { role: "tool", tool_call_id: call?.id ?? "", content: "found" }],
    });
    expect(next.usage?.completion_tokens).toBe(5);
  });

  it("aborts in mid-stream and the sequence comes free", async () => {
    const stream = await client.chat.completions.create({
      model: runner.model,
      messages,
      temperature: 0,
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    stream.controller.abort();
    const { url } = runner;
    const active = async () =>
      /active_sequences (\d+)/.exec(
        await (await fetch(`${url}/metrics`, { headers: { authorization: "Bearer key" } })).text(),
      )?.[1];
    await until("the sequence is free", async () => (await active()) === "0");
  });

  it("lists models, embeds, completes, and turns errors into its own classes", async () => {
    expect((await client.models.list()).data.map((model) => model.id)).toEqual([runner.model]);
    const embedded = await client.embeddings.create({ model: runner.model, input: ["a", "b"] });
    expect(embedded.data).toHaveLength(2);
    expect(embedded.data[0]?.embedding).toHaveLength(64);
    const completed = await client.completions.create({ model: runner.model, prompt: "hello", max_tokens: 3 });
    expect(completed.usage?.completion_tokens).toBe(3);
    await expect(client.chat.completions.create({ model: "other", messages })).rejects.toBeInstanceOf(
      OpenAI.NotFoundError,
    );
    await expect(client.chat.completions.create({ model: runner.model, messages, n: 128 })).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    );
  });
});
