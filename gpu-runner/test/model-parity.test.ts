import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ChatHistoryItem,
  getLlama,
  JinjaTemplateChatWrapper,
  LlamaLogLevel,
  type LlamaModel,
  readGgufFileInfo,
  type Token,
} from "node-llama-cpp";
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
/** Q8_0: 32 weights of one byte and a two-byte scale (ggml-org/ggml ggml-common.h). */
const q80BlockWeights = 32;
const q80BlockBytes = 34;

let model: LlamaModel;

beforeAll(async () => {
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: 1, logLevel: LlamaLogLevel.error });
  model = await llama.loadModel({ modelPath });
});

afterAll(async () => {
  await model.llama.dispose();
});

async function greedy(loaded: LlamaModel, promptIds: readonly number[]): Promise<{ ids: number[]; ended: boolean }> {
  const context = await loaded.createContext({ contextSize: contextTokens, sequences: 1, threads: 1 });
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

/** A copy of the model as an exporter would write it that forgot the row permutation of queries and keys. */
async function unpermuted(): Promise<Buffer> {
  const bytes = readFileSync(modelPath);
  const info = await readGgufFileInfo(modelPath);
  const attention = info.metadata.llama?.attention;
  for (const tensor of info.fullTensorInfo ?? []) {
    const kind = /attn_([qk])\.weight$/.exec(tensor.name)?.[1];
    if (kind === undefined) continue;
    const [columns, rows] = tensor.dimensions.map(Number) as [number, number];
    const rowBytes = (columns / q80BlockWeights) * q80BlockBytes;
    const headRows = rows / Number(kind === "q" ? attention?.head_count : attention?.head_count_kv);
    const start = Number(tensor.fileOffset);
    const original = Buffer.from(bytes.subarray(start, start + rows * rowBytes));
    for (let row = 0; row < rows; row++) {
      const within = row % headRows;
      const target = row - within + (within % 2) * (headRows / 2) + Math.floor(within / 2);
      original.copy(bytes, start + target * rowBytes, row * rowBytes, (row + 1) * rowBytes);
    }
  }
  return bytes;
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
      const answer = await greedy(model, item.promptIds);
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

  it("would fail these tests if queries and keys were exported without their row permutation", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "millrace-parity-"));
    try {
      const path = join(temporary, "unpermuted.gguf");
      writeFileSync(path, await unpermuted());
      const broken = await model.llama.loadModel({ modelPath: path });
      const [item] = golden.items;
      expect((await greedy(broken, item?.promptIds ?? [])).ids).not.toEqual(item?.answerIds);
      await broken.dispose();
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });
});
