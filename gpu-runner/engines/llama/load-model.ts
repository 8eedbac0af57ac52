import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { getLlama, LlamaLogLevel, type Llama, type LlamaContext, type LlamaModel, type Token } from "node-llama-cpp";
import type { ModelInfo } from "../engine.ts";
import { ChatTemplate } from "./chat-template.ts";
import type { EngineProcessOptions } from "./protocol.ts";
import { controlTokens, longestPieceBytes, tokenBytesOf, type Vocabulary } from "./token-bytes.ts";

/** A context that the caller did not size is at most this long: the KV cache of every sequence is allocated at start. */
const DEFAULT_CONTEXT_TOKENS = 4096;

export interface LoadedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly info: ModelInfo;
  readonly template: ChatTemplate | undefined;
  readonly controls: readonly (readonly [string, number])[];
  readonly bytesOf: (token: number) => Uint8Array;
  /** Prepended to a prompt that does not begin with it; undefined when the model wants none. */
  readonly beginToken: Token | undefined;
}

/** @throws Error in llama.cpp's words when the file is no model or memory is short. */
export async function loadModel(options: EngineProcessOptions): Promise<LoadedModel> {
  const llama = await getLlama({
    gpu: options.gpu === "off" ? false : "auto",
    build: "never",
    maxThreads: options.maxThreads,
    logLevel: LlamaLogLevel.error,
  });
  const [model, digest] = await Promise.all([
    llama.loadModel({ modelPath: options.modelPath }),
    fileDigest(options.modelPath),
  ]);
  const trained = model.trainContextSize;
  const wanted = options.contextTokens ?? Math.min(trained, DEFAULT_CONTEXT_TOKENS);
  const context = await model.createContext({
    sequences: options.sequences,
    contextSize: Math.min(wanted, trained),
    batchSize: Math.max(options.batchTokens, options.sequences),
  });
  const vocabulary = readVocabulary(model);
  const template = readTemplate(model, vocabulary);
  const bytesOf = tokenBytesOf(vocabulary, (token) => model.detokenize([token as Token]));
  const stripsSpace = (token: number) => {
    const { lstrip, rstrip } = model.getTokenAttributes(token as Token);
    return lstrip || rstrip;
  };
  return {
    llama,
    model,
    context,
    template,
    controls: controlTokens(vocabulary),
    bytesOf,
    beginToken: model.tokens.shouldPrependBosToken ? (model.tokens.bos ?? undefined) : undefined,
    info: {
      digest,
      architecture: model.architecture,
      contextTokens: context.contextSize,
      embeddingTokens: embeddingContextTokens(model, options) - 1,
      longestPieceBytes: longestPieceBytes(vocabulary, { bytesOf, stripsSpace }),
      hasChatTemplate: template !== undefined,
      device: llama.gpu === false ? "cpu" : llama.gpu,
      endTokens: [model.tokens.eos, model.tokens.eot].filter((token) => token !== null),
      vocabularySize: vocabulary.tokens.length,
    },
  };
}

/** Cells of the context that embeds; one of them stays free. */
export function embeddingContextTokens(model: LlamaModel, options: EngineProcessOptions): number {
  return Math.min(options.contextTokens ?? model.trainContextSize, model.trainContextSize);
}

function readVocabulary(model: LlamaModel): Vocabulary {
  const { ggml } = model.fileInfo.metadata.tokenizer;
  return {
    kind: ggml.model,
    tokens: [...ggml.tokens],
    types: ggml.token_type === undefined ? [] : Array.from(ggml.token_type, Number),
  };
}

function readTemplate(model: LlamaModel, vocabulary: Vocabulary): ChatTemplate | undefined {
  const source = model.fileInfo.metadata.tokenizer.chat_template;
  if (source === undefined || source === "") return undefined;
  const nameOf = (token: Token | null) => (token === null ? "" : (vocabulary.tokens[token] ?? ""));
  return new ChatTemplate({
    source,
    bosToken: nameOf(model.tokens.bos),
    eosToken: nameOf(model.tokens.eos),
    nonce: () => `\u0001${randomBytes(12).toString("hex")}:`,
  });
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
