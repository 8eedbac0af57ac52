/** What is known of a request before it is sent. */
export interface RequestSize {
  /** UTF-8 bytes of the JSON that the model's server gets. */
  readonly inputBytes: number;
  /** Tokens beside those of the bytes (`mediaAllowance`). */
  readonly allowance: number;
  /** `max_completion_tokens` or `max_tokens`; undefined when the caller set none. */
  readonly maxOutputTokens: number | undefined;
  /** Answers asked for (`n`). */
  readonly choices: number;
  /** Of the target; undefined is unknown. */
  readonly contextTokens: number | undefined;
  /** The surface generates text: embeddings do not. */
  readonly generates: boolean;
}

export interface TokenBound {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * The most tokens that a request can take. A token of a byte-level tokenizer is at least one byte, so the bytes of the request bound its input;
 * the context bounds input and each answer. This is four times a usual text's true count, and it has to be: what is reserved is given back when
 * the answer ends, while a guess that is too low is an overshoot.
 * @returns undefined when nothing bounds the answer: neither the request nor the target's context.
 */
export function tokenBound(size: RequestSize): TokenBound | undefined {
  const context = size.contextTokens ?? Number.POSITIVE_INFINITY;
  const inputTokens = Math.min(size.inputBytes + size.allowance, context);
  if (!Number.isFinite(inputTokens)) return undefined;
  if (!size.generates) return { inputTokens, outputTokens: 0 };
  const each = Math.min(size.maxOutputTokens ?? Number.POSITIVE_INFINITY, context);
  const outputTokens = each * Math.max(1, size.choices);
  return Number.isSafeInteger(outputTokens) ? { inputTokens, outputTokens } : undefined;
}
