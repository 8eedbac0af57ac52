import type { TokenProbability, TokenReport } from "../engine.ts";
import { StopMatcher } from "./stop-matcher.ts";
import { Utf8Pieces } from "./utf8-pieces.ts";

export interface GeneratedTextOptions {
  readonly stop: readonly string[];
  readonly bytesOf: (token: number) => Uint8Array;
}

export interface Released {
  readonly text: string;
  readonly logprobs: readonly TokenReport[];
  readonly stopped: boolean;
}

/**
 * Tokens → text that may leave: whole characters only, never a part of a stop string. A token's log probability leaves with the first
 * piece of its text; tokens whose text is cut off by a stop string are not reported.
 */
export class GeneratedText {
  readonly #pieces = new Utf8Pieces();
  readonly #stops: StopMatcher;
  readonly #bytesOf: (token: number) => Uint8Array;
  /** Characters decoded and released so far, to place tokens in the text. */
  #decoded = 0;
  #released = 0;
  #waiting: { readonly at: number; readonly report: TokenReport }[] = [];

  constructor(options: GeneratedTextOptions) {
    this.#stops = new StopMatcher(options.stop);
    this.#bytesOf = options.bytesOf;
  }

  push(token: number, report: TokenReport | undefined): Released {
    if (report !== undefined) this.#waiting.push({ at: this.#decoded, report });
    const piece = this.#pieces.push(this.#bytesOf(token));
    this.#decoded += piece.length;
    const { text, stopped } = this.#stops.push(piece);
    return this.#release(text, stopped);
  }

  /** The rest, when generation ended without a stop string; an unfinished character becomes U+FFFD. */
  end(): Released {
    const piece = this.#pieces.end();
    this.#decoded += piece.length;
    const { text, stopped } = this.#stops.push(piece);
    return this.#release(stopped ? text : text + this.#stops.end(), stopped);
  }

  #release(text: string, stopped: boolean): Released {
    this.#released += text.length;
    if (this.#waiting.length === 0) return { text, logprobs: [], stopped };
    const out = this.#waiting.filter(({ at }) => text !== "" && at < this.#released);
    this.#waiting = stopped ? [] : this.#waiting.filter(({ at }) => text === "" || at >= this.#released);
    return { text, logprobs: out.map(({ report }) => report), stopped };
  }
}

export interface DistributionOptions {
  readonly token: number;
  /** The probabilities that the token was drawn from, highest first. */
  readonly probabilities: ReadonlyMap<number, number>;
  /** 0 = greedy: the probabilities are then those of the model itself. */
  readonly temperature: number;
  readonly top: number;
  readonly bytesOf: (token: number) => Uint8Array;
}

/** Smallest probability that is told apart: below the resolution of a float32 softmax. */
const LEAST = 1e-38;

/**
 * Log probabilities with the temperature undone: p ∝ exp(logit / t), so logit = t · ln p + c, normalised again. What `top_p`, a grammar or
 * a bias took out of the distribution stays out.
 */
export function tokenReport(options: DistributionOptions): TokenReport {
  const scale = options.temperature > 0 ? options.temperature : 1;
  let sum = 0;
  for (const p of options.probabilities.values()) if (p > 0) sum += Math.exp(scale * Math.log(p));
  const logSum = Math.log(sum);
  const decoder = new TextDecoder();
  const describe = (token: number, p: number): TokenProbability => {
    const bytes = options.bytesOf(token);
    return { text: decoder.decode(bytes), bytes: [...bytes], logprob: scale * Math.log(Math.max(p, LEAST)) - logSum };
  };
  const top: TokenProbability[] = [];
  for (const [token, p] of options.probabilities) {
    if (top.length >= options.top) break;
    top.push(describe(token, p));
  }
  return { ...describe(options.token, options.probabilities.get(options.token) ?? 0), top };
}
