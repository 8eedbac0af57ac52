import type { LlamaEmbeddingContext, LlamaModel } from "node-llama-cpp";
import { MillraceError } from "@millrace/core/contract";
import type { Embedding } from "../engine.ts";
import { embeddingContextTokens } from "./load-model.ts";
import type { EngineProcessOptions } from "./protocol.ts";

/** Embeddings of the model that also generates; its context is made at the first call and then kept. */
export class EmbeddingWorker {
  readonly #model: LlamaModel;
  readonly #options: EngineProcessOptions;
  #context: Promise<LlamaEmbeddingContext> | undefined;

  constructor(model: LlamaModel, options: EngineProcessOptions) {
    this.#model = model;
    this.#options = options;
  }

  /** Unit vectors, as OpenAI's are. @throws MillraceError `unsupported-parameter` or `context-too-long`. */
  async embed(inputs: readonly string[]): Promise<Embedding[]> {
    const context = await this.#open();
    const limit = embeddingContextTokens(this.#model, this.#options);
    const results: Embedding[] = [];
    for (const [index, input] of inputs.entries()) {
      const tokens = this.#model.tokenize(input, false);
      const length = context.calculateInputLength(tokens);
      if (length >= limit) {
        throw new MillraceError("context-too-long", {
          param: inputs.length > 1 ? `input[${index}]` : "input",
          message: `The input has ${length} tokens; this model embeds at most ${limit - 1}.`,
        });
      }
      const { vector } = await context.getEmbeddingFor(tokens);
      results.push({ vector: unit(vector), tokens: length });
    }
    return results;
  }

  #open(): Promise<LlamaEmbeddingContext> {
    this.#context ??= this.#model
      .createEmbeddingContext({
        contextSize: embeddingContextTokens(this.#model, this.#options),
      })
      .catch((error: unknown) => {
        this.#context = undefined;
        const words = error instanceof Error ? error.message : String(error);
        throw new MillraceError("unsupported-parameter", {
          param: "model",
          message: `This model gives no embeddings: ${words}`,
          cause: error,
        });
      });
    return this.#context;
  }
}

/** @throws MillraceError when the model returned nothing usable. */
function unit(vector: readonly number[]): number[] {
  const norm = Math.hypot(...vector);
  if (vector.length === 0 || !Number.isFinite(norm) || norm === 0) {
    throw new MillraceError("unsupported-parameter", { param: "model", message: "This model gives no embeddings." });
  }
  return vector.map((value) => value / norm);
}
