import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ChatHistoryItem, getLlama, JinjaTemplateChatWrapper, type LlamaModel, type Token } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * The shipped GGUF in llama.cpp must give, token by token, the greedy answers that the Python side got from the safetensors weights
 * (gpu-runner/trainer/tests/test_export.py checks that half against the same file).
 */
interface Golden {
  readonly maxTokens: number;
  readonly items: readonly {
    readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
    readonly promptIds: readonly number[];
    readonly answerIds: readonly number[];
    readonly ended: boolean;
    readonly text: string;
  }[];
}

const folder = new URL("../models/millrace-support/", import.meta.url);
const modelPath = fileURLToPath(new URL("model-q8_0.gguf", folder));
const golden = JSON.parse(readFileSync(new URL("golden.json", folder), "utf8")) as Golden;
const contextTokens = 1024;

let model: LlamaModel;

beforeAll(async () => {
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: 1, logLevel: "error" });
  model = await llama.loadModel({ modelPath });
});

afterAll(async () => {
  await model.llama.dispose();
});

async function greedy(promptIds: readonly number[]): Promise<{ ids: number[]; ended: boolean }> {
  const context = await model.createContext({ contextSize: contextTokens, sequences: 1, threads: 1 });
  try {
    const ids: number[] = [];
    for await (const token of context.getSequence().evaluate(promptIds as Token[], { temperature: 0 })) {
      ids.push(token);
      if (ids.length === golden.maxTokens) return { ids, ended: false };
    }
    return { ids, ended: true };
  } finally {
    await context.dispose();
  }
}

function toHistory(messages: Golden["items"][number]["messages"]): ChatHistoryItem[] {
  const items = messages.map(({ role, content }): ChatHistoryItem => {
    if (role === "assistant") return { type: "model", response: [content] };
    return { type: role, text: content };
  });
  return [...items, { type: "model", response: [] }];
}

describe("the shipped model in llama.cpp", () => {
  it("is the file that the manifest names", () => {
    const manifest = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
      files: Record<string, { sha256: string }>;
    };
    const digest = createHash("sha256").update(readFileSync(modelPath)).digest("hex");
    expect(digest).toBe(manifest.files["model-q8_0.gguf"]?.sha256);
  });

  it("adds no beginning-of-sequence token and ends with <|end|>", () => {
    expect(model.tokens.shouldPrependBosToken).toBe(false);
    expect(model.tokens.eosString).toBe("<|end|>");
  });

  it.each(golden.items.map((item, index) => ({ item, index })))(
    "gives golden answer $index token by token",
    async ({ item }) => {
      const answer = await greedy(item.promptIds);
      expect(answer.ids).toEqual(item.answerIds);
      expect(answer.ended).toBe(item.ended);
      expect(model.detokenize(answer.ids as Token[])).toBe(item.text);
    },
  );

  it.each(golden.items.map((item, index) => ({ item, index })))(
    "renders golden prompt $index with its own template to the ids of training",
    ({ item }) => {
      const wrapper = new JinjaTemplateChatWrapper({ template: model.fileInfo.metadata.tokenizer.chat_template ?? "" });
      const { contextText } = wrapper.generateContextState({ chatHistory: toHistory(item.messages) });
      expect(contextText.tokenize(model.tokenizer)).toEqual(item.promptIds);
    },
  );
});
