import type { LlamaContextSequence, Token } from "node-llama-cpp";
import type { GenerateEvent, GenerateJob } from "../engine.ts";
import type { LoadedModel } from "./load-model.ts";
import type { EngineProcessOptions } from "./protocol.ts";
import { errorEvent, runJob, tokensOf } from "./run-job.ts";

export interface SequencePoolDeps {
  readonly loaded: LoadedModel;
  readonly options: EngineProcessOptions;
  readonly emit: (id: number, event: GenerateEvent) => void;
}

/**
 * The fixed set of sequences of the context. llama.cpp decodes all active ones in one batch. The parent admits no more jobs than there
 * are sequences; one too many is answered with an error, never queued here.
 */
export class SequencePool {
  readonly #deps: SequencePoolDeps;
  readonly #free: LlamaContextSequence[];
  readonly #cancelled = new Map<number, boolean>();
  #steps = 0;

  constructor(deps: SequencePoolDeps) {
    this.#deps = deps;
    this.#free = Array.from({ length: deps.options.sequences }, () => deps.loaded.context.getSequence());
  }

  get active(): number {
    return this.#cancelled.size;
  }

  /** Grows with every event and prefill chunk of any sequence. */
  get steps(): number {
    return this.#steps;
  }

  start(id: number, job: GenerateJob): void {
    const { loaded, options, emit } = this.#deps;
    const emitAndCount = (event: GenerateEvent) => {
      this.#steps += 1;
      emit(id, event);
    };
    let tokens: Token[];
    try {
      tokens = tokensOf(loaded, job);
    } catch (error) {
      emit(id, errorEvent(error));
      return;
    }
    const sequence = this.#takeBest(tokens);
    if (sequence === undefined) {
      emit(id, { type: "error", code: "overloaded", message: "Every sequence is taken.", param: undefined });
      return;
    }
    this.#cancelled.set(id, false);
    void runJob({
      loaded,
      sequence,
      job,
      tokens,
      chunkTokens: options.batchTokens,
      cancelled: () => this.#cancelled.get(id) === true,
      onStep: () => {
        this.#steps += 1;
      },
      // A sequence is free before its last event leaves: the parent may send the next job at once.
      emit: (event) => {
        if (event.type === "finish" || event.type === "error") {
          this.#cancelled.delete(id);
          this.#free.push(sequence);
        }
        emitAndCount(event);
      },
    });
  }

  cancel(id: number): void {
    if (this.#cancelled.has(id)) this.#cancelled.set(id, true);
  }

  /** The free sequence that already holds the longest beginning of the prompt; among equals the one idle longest. */
  #takeBest(tokens: readonly Token[]): LlamaContextSequence | undefined {
    let best = -1;
    let bestShared = -1;
    this.#free.forEach((sequence, index) => {
      const shared = sequence.compareContextTokens([...tokens]).firstDifferentIndex;
      if (shared > bestShared) {
        best = index;
        bestShared = shared;
      }
    });
    return best < 0 ? undefined : this.#free.splice(best, 1)[0];
  }
}
