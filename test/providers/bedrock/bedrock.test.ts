import { createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bedrock } from "../../../edge/gateway/providers/bedrock/index.ts";
import { askProvider } from "../ask-provider.ts";
import { describeProvider } from "../conformance.ts";
import { answer, bedrockFixture, failure, identity } from "./fixtures.ts";

describeProvider(bedrockFixture);

const secret = `${identity.id}:${identity.secret}`;
const provider = { settings: { region: "us-east-1" } };
const CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const user = { role: "user", content: "hi" };
const ask = (model = CLAUDE, given = secret) => askProvider("bedrock", { secret: given, model, provider });
const hello = answer([{ text: "Hello" }], "end_turn").whole;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

describe("Bedrock", () => {
  it("signs as AWS verifies: Signature Version 4 over the path encoded twice, the body and the session", async () => {
    const { request } = await ask(CLAUDE, `${secret}:FwoGZXIvYXdzEBY/session+token==`).whole(
      { messages: [user] },
      hello,
    );
    const headers = request?.headers ?? new Headers();
    expect(headers.get("x-amz-security-token")).toBe("FwoGZXIvYXdzEBY/session+token==");
    const [date, at] = [headers.get("x-amz-date") ?? "", (headers.get("x-amz-date") ?? "").slice(0, 8)];
    const canonical = [
      "POST",
      "/model/anthropic.claude-sonnet-4-5-20250929-v1%253A0/converse",
      "",
      "host:bedrock-runtime.us-east-1.amazonaws.com",
      `x-amz-date:${date}`,
      "x-amz-security-token:FwoGZXIvYXdzEBY/session+token==",
      "",
      "host;x-amz-date;x-amz-security-token",
      sha256(request?.text ?? ""),
    ].join("\n");
    const scope = `${at}/us-east-1/bedrock/aws4_request`;
    const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
    const key = ["us-east-1", "bedrock", "aws4_request"].reduce<Buffer>(hmac, hmac(`AWS4${identity.secret}`, at));
    expect(headers.get("authorization")).toBe(
      `AWS4-HMAC-SHA256 Credential=${identity.id}/${scope}, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=${hmac(key, toSign).toString("hex")}`,
    );
  });

  it("takes a Bedrock API key instead, and refuses a secret that is neither", async () => {
    const { request } = await ask(CLAUDE, "ABSKQmVkcm9ja0FQSUtleQ==").whole({ messages: [user] }, hello);
    expect(request?.headers.get("authorization")).toBe("Bearer ABSKQmVkcm9ja0FQSUtleQ==");
    for (const wrong of ["", "a:", ":b", "a:b:c:d"])
      await expect(ask(CLAUDE, wrong).whole({ messages: [user] }, hello)).rejects.toMatchObject({
        code: "upstream-unauthorized",
      });
  });

  it("gives a thought back with its signature, through provider_fields", async () => {
    const content = [
      { reasoningContent: { reasoningText: { text: "I should look.", signature: "c2ln" } } },
      { toolUse: { toolUseId: "t1", name: "get_weather", input: {} } },
    ];
    const { message } = await ask().whole({ messages: [user] }, answer(content, "tool_use").whole);
    expect(message).toMatchObject({ reasoning_content: "I should look.", provider_fields: { bedrock: { content } } });
    const streamed = await ask().stream(
      { messages: [user] },
      {
        headers: { "content-type": bedrockFixture.streamType },
        chunks: answer(content, "tool_use").stream,
      },
    );
    expect(streamed.message).toEqual(message);
    const result = { role: "tool", tool_call_id: "t1", content: "18" };
    const again = await ask().whole({ messages: [user, message, result] }, hello);
    expect((again.sent["messages"] as object[])[1]).toEqual({ role: "assistant", content });
  });

  it("thinks as far as asked, in the model's own words", async () => {
    const fieldsOf = async (model: string, effort: string): Promise<unknown> =>
      (await ask(model).whole({ messages: [user], reasoning_effort: effort }, hello)).sent[
        "additionalModelRequestFields"
      ];
    expect(await fieldsOf(CLAUDE, "medium")).toEqual({ thinking: { type: "enabled", budget_tokens: 8192 } });
    expect(await fieldsOf("us.anthropic.claude-opus-4-7", "high")).toEqual({
      thinking: { type: "adaptive" },
      output_config: { effort: "high" },
    });
    expect(await fieldsOf("openai.gpt-oss-120b-1:0", "low")).toEqual({ reasoning_effort: "low" });
    await expect(fieldsOf("amazon.nova-pro-v1:0", "low")).rejects.toMatchObject({ param: "reasoning_effort" });
  });

  it("answers in JSON by a tool where the model has no format of its own", async () => {
    const block = { toolUse: { toolUseId: "t", name: "answer_in_json", input: { a: 1 } } };
    const fields = { messages: [user], response_format: { type: "json_object" } };
    const { body, message, sent } = await ask("amazon.nova-pro-v1:0").whole(fields, answer([block], "tool_use").whole);
    expect(sent["toolConfig"]).toMatchObject({ toolChoice: { tool: { name: "answer_in_json" } } });
    expect(message["content"]).toBe('{"a":1}');
    expect(message).not.toHaveProperty("tool_calls");
    expect(body["choices"]).toMatchObject([{ finish_reason: "stop" }]);
  });

  it("marks what is to be cached behind it, and reads documents", async () => {
    const file = { filename: "Report (v2).final.pdf", file_data: "data:application/pdf;base64,JVBERi0=" };
    const messages = [
      { role: "system", content: [{ type: "text", text: "Long.", cache_control: { type: "ephemeral", ttl: "1h" } }] },
      {
        role: "user",
        content: [
          { type: "file", file },
          { type: "text", text: "Sum up." },
        ],
      },
    ];
    const { sent } = await ask().whole({ messages }, hello);
    expect(sent["system"]).toEqual([{ text: "Long." }, { cachePoint: { type: "default", ttl: "1h" } }]);
    expect(sent["messages"]).toMatchObject([
      {
        content: [
          { document: { format: "pdf", name: "Report (v2)-final", source: { bytes: "JVBERi0=" } } },
          { text: "Sum up." },
        ],
      },
    ]);
  });

  it("refuses what Converse cannot say, by its path", async () => {
    const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
    await expect(ask().whole({ messages: [{ role: "user", content: [image] }] }, hello)).rejects.toMatchObject({
      code: "unsupported-parameter",
      param: "messages[0].content[0].image_url.url",
    });
    const tools = [{ type: "function", function: { name: "f" } }];
    await expect(ask().whole({ messages: [user], tools, parallel_tool_calls: false }, hello)).rejects.toMatchObject({
      param: "parallel_tool_calls",
    });
  });

  it("tells a spent quota and a failing model from a full server", async () => {
    const codeOf = async (status: number, message: string): Promise<unknown> =>
      ask()
        .answer({ messages: [user] }, failure(status, message))
        .catch((error: unknown) => (error as { code: string }).code);
    expect(await codeOf(429, "Too many tokens per day, please wait.")).toBe("upstream-quota-exhausted");
    expect(await codeOf(424, "The model returned an error.")).toBe("upstream-failed");
    expect(await codeOf(408, "Model timeout.")).toBe("upstream-timeout");
  });

  it("embeds with Titan text by text, and with Cohere at once", async () => {
    const titan = await ask("amazon.titan-embed-text-v2:0").whole(
      { input: ["a", "b"], dimensions: 2 },
      { embedding: [1, 2], inputTextTokenCount: 3 },
      "embeddings",
    );
    // Both texts leave at once: either may arrive first.
    expect(titan.sent).toEqual({ inputText: expect.stringMatching(/^[ab]$/), dimensions: 2 });
    expect(titan.body).toMatchObject({ data: [{ embedding: [1, 2] }, { index: 1 }], usage: { prompt_tokens: 6 } });
    const cohere = await ask("cohere.embed-v4:0").whole(
      { input: ["a"], provider_options: { bedrock: { input_type: "search_query" } } },
      { embeddings: { float: [[1, 2]] } },
      "embeddings",
    );
    expect(cohere.sent).toMatchObject({ texts: ["a"], input_type: "search_query" });
    expect(cohere.body).not.toHaveProperty("usage");
  });

  it("knows what a model can do by its family", () => {
    const can = (model: string, capability: "images" | "tools" | "prefill"): boolean =>
      bedrock.capabilities(model).has(capability);
    expect(can("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "prefill")).toBe(true);
    expect(can("us.anthropic.claude-opus-4-7", "prefill")).toBe(false);
    expect(can("amazon.nova-micro-v1:0", "images")).toBe(false);
    expect(can("us.meta.llama4-maverick-17b-instruct-v1:0", "images")).toBe(true);
    expect(can("amazon.titan-text-express-v1", "tools")).toBe(false);
  });
});
