import { TokenBias, type LlamaModel, type Token } from "node-llama-cpp";
import type { Sampling } from "../engine.ts";

/** OpenAI's −100 means "never"; a finite value would still leave a chance against a strong logit. */
const BAN = -100;

/**
 * `logit_bias`, `presence_penalty` and `frequency_penalty` as one additive bias per token, by OpenAI's formula:
 * logit − count · frequency − (count > 0) · presence, counted over the answer only.
 */
export class SamplingBias {
  readonly #bias: TokenBias;
  readonly #fixed: ReadonlyMap<number, number>;
  readonly #sampling: Sampling;
  readonly #counts = new Map<number, number>();

  private constructor(model: LlamaModel, sampling: Sampling) {
    this.#bias = TokenBias.for(model);
    this.#sampling = sampling;
    this.#fixed = new Map(sampling.logitBias);
    for (const token of this.#fixed.keys()) this.#apply(token);
  }

  /** Undefined when nothing is biased, so that the usual request pays nothing. */
  static for(model: LlamaModel, sampling: Sampling): SamplingBias | undefined {
    const none = sampling.logitBias.length === 0 && sampling.presencePenalty === 0 && sampling.frequencyPenalty === 0;
    return none ? undefined : new SamplingBias(model, sampling);
  }

  current(): TokenBias {
    return this.#bias;
  }

  count(token: number): void {
    if (this.#sampling.presencePenalty === 0 && this.#sampling.frequencyPenalty === 0) return;
    this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    this.#apply(token);
  }

  #apply(token: number): void {
    const fixed = this.#fixed.get(token) ?? 0;
    if (fixed <= BAN) {
      this.#bias.set(token as Token, "never");
      return;
    }
    const count = this.#counts.get(token) ?? 0;
    const penalty = count * this.#sampling.frequencyPenalty + (count > 0 ? this.#sampling.presencePenalty : 0);
    this.#bias.set(token as Token, { logit: fixed - penalty });
  }
}
