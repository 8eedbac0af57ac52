/**
 * The runner's contender: the same engine, model, sequences and threads, called in process with no server around it.
 * Told by IPC what to generate; answers with the tokens and the seconds that they took.
 */
import { getLlama, LlamaLogLevel, type LlamaContextSequence, type Token } from "node-llama-cpp";

export interface EnginePeerOptions {
  readonly modelPath: string;
  readonly sequences: number;
  readonly maxThreads: number;
}

export interface EnginePeerRound {
  /** One list per concurrent worker, done one after the other. */
  readonly workers: readonly (readonly string[])[];
  readonly maxTokens: number;
}

export interface EnginePeerResult {
  readonly tokens: number;
  readonly seconds: number;
}

const options = JSON.parse(process.argv[2] ?? "{}") as EnginePeerOptions;
const llama = await getLlama({
  gpu: "auto",
  build: "never",
  maxThreads: options.maxThreads,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath: options.modelPath });
const context = await model.createContext({
  sequences: options.sequences,
  contextSize: Math.min(model.trainContextSize, 4096),
  batchSize: 512,
});
const sequences = Array.from({ length: options.sequences }, () => context.getSequence());

async function generate(sequence: LlamaContextSequence, prompt: string, maxTokens: number): Promise<number> {
  await sequence.clearHistory();
  const tokens: Token[] = [];
  const sampling = { temperature: 0, topK: 0, topP: 1, minP: 0, seed: 1 };
  for await (const token of sequence.evaluate(model.tokenize(prompt, false), sampling)) {
    tokens.push(token);
    if (tokens.length >= maxTokens) break;
  }
  model.detokenize(tokens);
  return tokens.length;
}

process.on("disconnect", () => process.exit(0));
process.on("message", (round: EnginePeerRound) => {
  const startedMs = performance.now();
  const worker = async (prompts: readonly string[], index: number) => {
    const sequence = sequences[index];
    let tokens = 0;
    if (sequence !== undefined)
      for (const prompt of prompts) tokens += await generate(sequence, prompt, round.maxTokens);
    return tokens;
  };
  void Promise.all(round.workers.map(worker)).then((counts) => {
    const result: EnginePeerResult = {
      tokens: counts.reduce((sum, count) => sum + count, 0),
      seconds: (performance.now() - startedMs) / 1000,
    };
    process.send?.(result);
  });
});
process.send?.({ ready: true });
