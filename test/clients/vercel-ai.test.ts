import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ClientLab, hangsInMidAnswer, says, startClientLab, vectorsOf } from "./scripted-model.ts";

let lab: ClientLab;
const provider = (apiKey: string) =>
  createOpenAICompatible({
    name: "millrace",
    baseURL: `${lab.gateway.url}/v1`,
    apiKey,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });

beforeAll(async () => {
  lab = await startClientLab();
});
afterAll(() => lab?.close());

const weather = tool({
  description: "The weather of a city",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `${city}: sunny`,
});

describe("the Vercel AI SDK", () => {
  it("generates text with usage and the model that answered", async () => {
    lab.upstream.answer((request) => says({ text: "Hello there" }, request));
    const result = await generateText({ model: provider(lab.tenant.key)("scripted"), prompt: "hi" });
    expect(result.text).toBe("Hello there");
    expect(result.finishReason).toBe("stop");
    expect(result.usage).toMatchObject({ inputTokens: 11, outputTokens: 5 });
    expect(result.response.modelId).toBe("scripted-2026");
  });

  it("streams text in order with usage at the end", async () => {
    lab.upstream.answer((request) => says({ text: "one two three" }, request));
    const result = streamText({ model: provider(lab.tenant.key)("scripted"), prompt: "count" });
    const parts: string[] = [];
    for await (const part of result.textStream) parts.push(part);
    expect(parts.join("")).toBe("one two three");
    expect(await result.finishReason).toBe("stop");
    expect(await result.usage).toMatchObject({ inputTokens: 11, outputTokens: 5 });
  });

  it.each(["whole", "streamed"] as const)("calls tools in parallel and goes on with their results: %s", async (way) => {
    lab.upstream.answer((request) => {
      const messages = request.json["messages"] as { role: string }[];
      const answered = messages.some((message) => message.role === "tool");
      return answered
        ? says({ text: "Both are sunny." }, request)
        : says(
            {
              calls: ["Oslo", "Rome"].map((city) => ({ name: "weather", arguments: { city } })),
            },
            request,
          );
    });
    const options = {
      model: provider(lab.tenant.key)("scripted"),
      prompt: "weather?",
      tools: { weather },
      stopWhen: stepCountIs(3),
    };
    const result = way === "whole" ? await generateText(options) : streamText(options);
    expect(await result.text).toBe("Both are sunny.");
    const sent = lab.upstream.requests.at(-1)?.json["messages"] as { role: string; content: unknown }[];
    expect(sent.filter(({ role }) => role === "tool").map(({ content }) => content)).toEqual([
      "Oslo: sunny",
      "Rome: sunny",
    ]);
  });

  it("gets an object of its schema, and the schema reaches the model", async () => {
    lab.upstream.answer((request) => says({ text: '{"topic":"billing","urgent":true}' }, request));
    const schema = z.object({ topic: z.string(), urgent: z.boolean() });
    const { output } = await generateText({
      model: provider(lab.tenant.key)("scripted"),
      prompt: "classify",
      output: Output.object({ schema }),
    });
    expect(output).toEqual({ topic: "billing", urgent: true });
    expect(lab.upstream.requests.at(-1)?.json["response_format"]).toMatchObject({
      type: "json_schema",
      json_schema: { schema: { properties: { topic: { type: "string" } } } },
    });
  });

  it("embeds many texts in their order", async () => {
    lab.upstream.answer(vectorsOf);
    const { embeddings } = await embedMany({
      model: provider(lab.tenant.key).embeddingModel("scripted"),
      values: ["a", "bbb"],
    });
    expect(embeddings).toEqual([
      [1, 0],
      [3, 1],
    ]);
  });

  it("sees errors as the errors they are", async () => {
    const wrongKey = generateText({ model: provider("mlr_wrong")("scripted"), prompt: "x", maxRetries: 0 });
    await expect(wrongKey).rejects.toSatisfy((error) => APICallError.isInstance(error) && error.statusCode === 401);
    const noModel = generateText({ model: provider(lab.tenant.key)("nothing"), prompt: "x", maxRetries: 0 });
    await expect(noModel).rejects.toSatisfy(
      (error) => APICallError.isInstance(error) && error.statusCode === 404 && !error.isRetryable,
    );
  });

  it("aborts in mid-answer, and the call upstream ends", async () => {
    lab.upstream.answer(hangsInMidAnswer);
    const leaving = new AbortController();
    const result = streamText({
      model: provider(lab.tenant.key)("scripted"),
      prompt: "count",
      abortSignal: leaving.signal,
      onError: () => undefined,
    });
    for await (const _part of result.textStream) leaving.abort();
    await lab.upstream.requests.at(-1)?.aborted;
  });
});
