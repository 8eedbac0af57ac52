import { providerKindSchema, type ProviderKind } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { providerRegistry } from "../../edge/gateway/providers/registry.ts";
import { callOnce, said, streamed, textOf } from "./call-once.ts";
import { sseEvent } from "./provider-fixture.ts";

const hi = { role: "user", content: "hi" };
const begun = { role: "assistant", content: "Once upon" };
const account = { account_id: "0123456789abcdef0123456789abcdef" };

/** Kinds by OpenAI's API with differences, and what their providers need. */
const kinds: Partial<Record<ProviderKind, Record<string, unknown>>> = {
  openai: {},
  "azure-openai": { base_url: "https://acme.openai.azure.com" },
  mistral: {},
  groq: {},
  together: {},
  fireworks: {},
  deepseek: {},
  openrouter: {},
  xai: {},
  "workers-ai": { settings: account },
  vllm: { base_url: "http://gpu.internal/v1" },
  sglang: { base_url: "http://gpu.internal/v1" },
  tgi: { base_url: "http://gpu.internal/v1" },
  ollama: { base_url: "http://gpu.internal/v1" },
  "lm-studio": { base_url: "http://gpu.internal/v1" },
  triton: { base_url: "http://gpu.internal/v1" },
};

describe.each(Object.entries(kinds) as [ProviderKind, Record<string, unknown>][])("%s", (kind, provider) => {
  it("gets the caller's own bytes where nothing must be rewritten", async () => {
    const text =
      '{ "model":"m", "x_new": {"a":1.0, "big":9007199254740993}, "messages": [{"role":"user","content":"h\\u0069"}] }';
    const fields = JSON.parse(text) as Record<string, unknown>;
    const { sent } = await callOnce({ kind, provider, fields, text });
    expect(sent.text).toBe(text);
  });

  it("gets fields that nobody here knows, and answers with fields that nobody here knows", async () => {
    const { sent, body } = await callOnce({
      kind,
      provider,
      fields: { messages: [hi], x_vendor: { top_k: 5 } },
      answer: said("ok", { x_choice: [1] }),
    });
    expect(sent.body["x_vendor"]).toEqual({ top_k: 5 });
    expect(body).toMatchObject({ choices: [{ x_choice: [1] }] });
  });

  it("says what it can do without a look at anything but the model's name", () => {
    const adapter = providerRegistry[kind];
    expect(adapter.capabilities("anything")).toBe(adapter.capabilities("anything"));
    expect([...adapter.capabilities("anything")]).toContain("streaming");
  });
});

it("every kind of the contract has an adapter", () => {
  for (const kind of providerKindSchema.options) expect(providerRegistry[kind], kind).toBeDefined();
});

describe("a turn to be continued", () => {
  it.each([
    ["mistral", { messages: [hi, { ...begun, prefix: true }] }],
    ["deepseek", { messages: [hi, { ...begun, prefix: true }] }],
    ["vllm", { messages: [hi, begun], continue_final_message: true, add_generation_prompt: false }],
    ["sglang", { messages: [hi, begun], continue_final_message: true }],
    ["groq", { messages: [hi, begun] }],
  ] as const)("%s is asked in its own words", async (kind, expected) => {
    const { sent } = await callOnce({ kind, provider: kinds[kind] ?? {}, fields: { messages: [hi, begun] } });
    expect(sent.body).toMatchObject(expected);
    expect(providerRegistry[kind].capabilities("llama-3.3-70b").has("prefill")).toBe(true);
  });

  it.each(["openai", "azure-openai", "together", "openrouter", "xai", "tgi", "ollama", "lm-studio", "triton"] as const)(
    "%s does not claim it",
    (kind) => {
      expect(providerRegistry[kind].capabilities("llama-3.3-70b").has("prefill")).toBe(false);
    },
  );

  it.each([
    ["mistral", "magistral-medium-latest"],
    ["groq", "openai/gpt-oss-120b"],
    ["groq", "qwen/qwen3-32b"],
  ] as const)("%s's %s, which thinks first, does not claim it", (kind, model) => {
    expect(providerRegistry[kind].capabilities(model).has("prefill")).toBe(false);
  });

  it("a caller's own switches stay as they are", async () => {
    const fields = { messages: [hi, begun], add_generation_prompt: true };
    const { sent } = await callOnce({ kind: "vllm", provider: kinds.vllm ?? {}, fields });
    expect(sent.body).not.toHaveProperty("continue_final_message");
    expect(sent.body["add_generation_prompt"]).toBe(true);
  });

  it("is not repeated by Mistral, whole or streamed", async () => {
    const fields = { messages: [hi, begun] };
    const { body } = await callOnce({ kind: "mistral", fields, answer: said("Once upon a time") });
    expect(body).toMatchObject({ choices: [{ message: { content: " a time" } }] });
    const answer = streamed(
      { delta: { content: "Once " } },
      { delta: { content: "upon a" } },
      { delta: { content: " time" }, finish_reason: "stop" },
    );
    const { frames } = await callOnce({ kind: "mistral", fields, stream: true, answer });
    expect(textOf(frames)).toBe(" a time");
  });

  it("goes to DeepSeek's beta address", async () => {
    const { sent } = await callOnce({ kind: "deepseek", fields: { messages: [hi, begun] } });
    expect(sent.url).toBe("https://api.deepseek.com/beta/chat/completions");
  });
});

describe("Azure OpenAI", () => {
  it.each([
    ["https://acme.openai.azure.com", "https://acme.openai.azure.com/openai/v1/chat/completions"],
    ["https://acme.openai.azure.com/openai/v1/", "https://acme.openai.azure.com/openai/v1/chat/completions"],
  ])("is called by the v1 API at %s without an api_version", async (base_url, url) => {
    const { sent } = await callOnce({ kind: "azure-openai", provider: { base_url }, fields: { messages: [hi] } });
    expect(sent.url).toBe(url);
    expect(sent.headers.has("authorization")).toBe(false);
  });
});

describe("requests in a vendor's words", () => {
  it.each([
    [
      "mistral",
      { seed: 7, max_completion_tokens: 9 },
      { random_seed: 7, max_tokens: 9 },
      ["seed", "max_completion_tokens"],
    ],
    ["ollama", { max_completion_tokens: 9 }, { max_tokens: 9 }, ["max_completion_tokens"]],
    ["groq", { n: 1, logprobs: false, logit_bias: {} }, {}, ["n", "logprobs", "logit_bias"]],
    ["mistral", { user: "ada", stream_options: { include_usage: true } }, {}, ["user", "stream_options"]],
  ] as const)("%s: %j", async (...[kind, fields, expected, gone]) => {
    const { sent } = await callOnce({ kind, provider: kinds[kind] ?? {}, fields: { messages: [hi], ...fields } });
    expect(sent.body).toMatchObject(expected);
    for (const field of gone) expect(sent.body).not.toHaveProperty(field);
  });

  it.each([
    ["mistral", { max_tokens: 5, max_completion_tokens: 9 }, "max_completion_tokens"],
    ["groq", { messages: [{ ...hi, name: "ada" }] }, "messages[0].name"],
    ["lm-studio", { tool_choice: { type: "function", function: { name: "f" } } }, "tool_choice"],
    ["ollama", { tool_choice: "none" }, "tool_choice"],
    ["triton", { response_format: { type: "json_object" } }, "response_format"],
    ["openrouter", { models: ["another/model"] }, "models"],
    ["openrouter", { route: "fallback" }, "route"],
    ["openrouter", { plugins: [{ id: "web" }] }, "plugins"],
    ["openrouter", { preset: "mine" }, "preset"],
    ["openrouter", { provider: { order: ["costly"] } }, "provider"],
    ["openrouter", { provider: { zdr: true, sort: "throughput" } }, "provider"],
    ["openrouter", { provider: "costly" }, "provider"],
    ["openrouter", { provider_options: { openrouter: { models: ["another/model"] } } }, "models"],
    ["together", { safety_model: "another/model" }, "safety_model"],
  ] as const)("%s refuses %j by the name of the field", async (kind, fields, param) => {
    const work = callOnce({ kind, provider: kinds[kind] ?? {}, fields: { messages: [hi], ...fields } });
    await expect(work).rejects.toMatchObject({ code: "unsupported-parameter", param });
  });

  it.each([
    { data_collection: "deny", zdr: true, require_parameters: true },
    { sort: "price", allow_fallbacks: false, max_price: { prompt: 1 } },
  ])("OpenRouter gets what narrows whom it asks, and neither the model nor the price: %j", async (provider) => {
    const fields = { messages: [hi], provider, models: [], plugins: [], route: null };
    const { sent } = await callOnce({ kind: "openrouter", fields });
    expect(sent.body["provider"]).toEqual(provider);
  });

  it.each(["completions", "embeddings"] as const)(
    "OpenRouter's other models are refused in %s too",
    async (surface) => {
      const fields = { input: "x", prompt: "x", models: ["another/model"] };
      const work = callOnce({ kind: "openrouter", surface, fields });
      await expect(work).rejects.toMatchObject({ code: "unsupported-parameter", param: "models" });
    },
  );

  it("OpenAI's reasoning models get max_completion_tokens, the others what the caller sent", async () => {
    const limit = async (model: string, kind: ProviderKind = "openai"): Promise<unknown> =>
      (await callOnce({ kind, model, provider: kinds[kind] ?? {}, fields: { messages: [hi], max_tokens: 9 } })).sent
        .body;
    for (const model of ["o3", "o4-mini", "gpt-5", "ft:gpt-5-mini:acme"])
      expect(await limit(model)).toMatchObject({ max_completion_tokens: 9 });
    expect(await limit("gpt-4.1")).toMatchObject({ max_tokens: 9 });
    expect(await limit("gpt-5-prod", "azure-openai")).toMatchObject({ max_completion_tokens: 9 });
  });

  it("`developer` becomes `system` where the vendor has no such role, and stays where it has", async () => {
    const fields = { messages: [{ role: "developer", content: "Be brief." }, hi] };
    const roleOf = async (kind: ProviderKind): Promise<unknown> => {
      const { sent } = await callOnce({ kind, provider: kinds[kind] ?? {}, fields });
      return (sent.body["messages"] as { role: string }[])[0]?.role;
    };
    expect(await roleOf("vllm")).toBe("system");
    expect(await roleOf("deepseek")).toBe("system");
    expect(await roleOf("openai")).toBe("developer");
  });

  it("OpenRouter's and OpenAI's settings travel as headers", async () => {
    const settings = { referer: "https://acme.example", title: "Acme" };
    const router = await callOnce({ kind: "openrouter", provider: { settings }, fields: { messages: [hi] } });
    expect(router.sent.headers.get("http-referer")).toBe("https://acme.example");
    expect(router.sent.headers.get("x-title")).toBe("Acme");
    const openAi = await callOnce({
      kind: "openai",
      provider: { settings: { project: "proj_1" } },
      fields: { messages: [hi] },
    });
    expect(openAi.sent.headers.get("openai-project")).toBe("proj_1");
  });

  it.each([
    ["groq", "embeddings"],
    ["groq", "completions"],
    ["mistral", "completions"],
    ["tgi", "embeddings"],
    ["deepseek", "embeddings"],
  ] as const)("%s says that it does not serve %s", async (kind, surface) => {
    const work = callOnce({ kind, surface, provider: kinds[kind] ?? {}, fields: { input: "x", prompt: "x" } });
    await expect(work).rejects.toMatchObject({ code: "unsupported-parameter", param: "model" });
  });
});

describe("answers in a vendor's words", () => {
  it.each([
    ["deepseek", "insufficient_system_resource"],
    ["openrouter", "error"],
    ["vllm", "abort"],
  ] as const)("%s: an answer that ends with %s is no whole one", async (kind, reason) => {
    const provider = kinds[kind] ?? {};
    const fields = { messages: [hi] };
    const whole = callOnce({ kind, provider, fields, answer: said("Hal", { finish_reason: reason }) });
    await expect(whole).rejects.toMatchObject({ code: "upstream-truncated" });
    const answer = streamed({ delta: { content: "Hal" } }, { delta: {}, finish_reason: reason });
    await expect(callOnce({ kind, provider, fields, answer, stream: true })).rejects.toMatchObject({
      code: "upstream-truncated",
    });
  });

  it("OpenRouter: an error inside a choice of a 200 is that error", async () => {
    const answer = said("", { error: { code: 402, message: "Insufficient credits" } });
    const work = callOnce({ kind: "openrouter", fields: { messages: [hi] }, answer });
    await expect(work).rejects.toMatchObject({ code: "upstream-quota-exhausted" });
  });

  it("thinking is read once under either of its names, and out of Mistral's parts", async () => {
    const thoughts = async (kind: ProviderKind, delta: object): Promise<readonly unknown[]> => {
      const answer = streamed({ delta }, { delta: {}, finish_reason: "stop" });
      const { frames } = await callOnce({
        kind,
        provider: kinds[kind] ?? {},
        fields: { messages: [hi] },
        stream: true,
        answer,
      });
      return frames.flatMap((frame) => frame.events).filter(({ type }) => type === "reasoning" || type === "text");
    };
    const thought = { type: "reasoning", choice: 0, text: "hm" };
    expect(await thoughts("vllm", { reasoning: "hm", reasoning_content: "hm" })).toEqual([thought]);
    expect(await thoughts("deepseek", { reasoning_content: "hm", content: null })).toEqual([thought]);
    const parts = [
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "Hi" },
    ];
    expect(await thoughts("mistral", { content: parts })).toEqual([thought, { type: "text", choice: 0, text: "Hi" }]);
  });

  it("xAI's thinking counts as output, as everywhere else", async () => {
    const usage = {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    };
    const head = { id: "1", object: "chat.completion.chunk", created: 1, model: "grok-4" };
    const { frames } = await callOnce({
      kind: "xai",
      fields: { messages: [hi] },
      stream: true,
      answer: {
        headers: { "content-type": "text/event-stream" },
        chunks: [
          sseEvent({ ...head, choices: [{ index: 0, delta: { content: "x" }, finish_reason: "stop" }], usage }),
          "data: [DONE]\n\n",
        ],
      },
    });
    const counted = frames.flatMap((frame) => frame.events).find((event) => event.type === "usage");
    expect(counted).toMatchObject({ usage: { outputTokens: 103, reasoningTokens: 94 } });
  });
});
