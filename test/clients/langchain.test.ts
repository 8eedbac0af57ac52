import { HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ClientLab, hangsInMidAnswer, says, startClientLab, vectorsOf } from "./scripted-model.ts";

let lab: ClientLab;
const chat = (options: { readonly model?: string; readonly apiKey?: string } = {}) =>
  new ChatOpenAI({
    model: options.model ?? "scripted",
    apiKey: options.apiKey ?? lab.tenant.key,
    configuration: { baseURL: `${lab.gateway.url}/v1` },
    maxRetries: 0,
  });

beforeAll(async () => {
  lab = await startClientLab();
});
afterAll(() => lab?.close());

const weather = tool(async ({ city }) => `${city}: sunny`, {
  name: "weather",
  description: "The weather of a city",
  schema: z.object({ city: z.string() }),
});

describe("LangChain's ChatOpenAI", () => {
  it("invokes with usage", async () => {
    lab.upstream.answer((request) => says({ text: "Hello there" }, request));
    const message = await chat().invoke([new SystemMessage("Be kind."), new HumanMessage("hi")]);
    expect(message.text).toBe("Hello there");
    expect(message.usage_metadata).toMatchObject({ input_tokens: 11, output_tokens: 5 });
    expect(message.response_metadata).toMatchObject({ finish_reason: "stop" });
  });

  it("streams in order with usage at the end", async () => {
    lab.upstream.answer((request) => says({ text: "one two three" }, request));
    let text = "";
    const usages: unknown[] = [];
    for await (const part of await chat().stream("count")) {
      text += part.text;
      if (part.usage_metadata !== undefined) usages.push(part.usage_metadata);
    }
    expect(text).toBe("one two three");
    expect(usages).toMatchObject([{ input_tokens: 11, output_tokens: 5 }]);
  });

  it("calls tools in parallel and goes on with their results", async () => {
    lab.upstream.answer((request) => {
      const messages = request.json["messages"] as { role: string }[];
      return messages.some(({ role }) => role === "tool")
        ? says({ text: "Both are sunny." }, request)
        : says({ calls: ["Oslo", "Rome"].map((city) => ({ name: "weather", arguments: { city } })) }, request);
    });
    const model = chat().bindTools([weather]);
    const asked = new HumanMessage("weather?");
    const calling = await model.invoke([asked]);
    expect(calling.tool_calls?.map(({ name, args }) => [name, args])).toEqual([
      ["weather", { city: "Oslo" }],
      ["weather", { city: "Rome" }],
    ]);
    const results = await Promise.all(
      (calling.tool_calls ?? []).map(
        async (call) =>
          new ToolMessage({
            tool_call_id: call.id ?? "",
            content: await weather.invoke({ city: String(call.args["city"]) }),
          }),
      ),
    );
    const answer = await model.invoke([asked, calling, ...results]);
    expect(answer.text).toBe("Both are sunny.");
  });

  it("gets an object of its schema", async () => {
    lab.upstream.answer((request) => says({ text: '{"topic":"billing","urgent":true}' }, request));
    const schema = z.object({ topic: z.string(), urgent: z.boolean() });
    const structured = chat().withStructuredOutput(schema, { method: "jsonSchema" });
    expect(await structured.invoke("classify")).toEqual({ topic: "billing", urgent: true });
    expect(lab.upstream.requests.at(-1)?.json["response_format"]).toMatchObject({ type: "json_schema" });
  });

  it("embeds documents in their order, whichever encoding it asks for", async () => {
    lab.upstream.answer(vectorsOf);
    const embeddings = new OpenAIEmbeddings({
      model: "scripted",
      apiKey: lab.tenant.key,
      configuration: { baseURL: `${lab.gateway.url}/v1` },
    });
    expect(await embeddings.embedDocuments(["a", "bbb"])).toEqual([
      [1, 0],
      [3, 1],
    ]);
  });

  it("sees errors as the errors they are", async () => {
    await expect(chat({ apiKey: "mlr_wrong" }).invoke("x")).rejects.toMatchObject({ status: 401 });
    await expect(chat({ model: "nothing" }).invoke("x")).rejects.toMatchObject({ status: 404 });
  });

  it("aborts in mid-answer, and the call upstream ends", async () => {
    lab.upstream.answer(hangsInMidAnswer);
    const leaving = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const _part of await chat().stream("count", { signal: leaving.signal })) leaving.abort();
    };
    await expect(reading()).rejects.toThrow();
    await lab.upstream.requests.at(-1)?.aborted;
  });
});
