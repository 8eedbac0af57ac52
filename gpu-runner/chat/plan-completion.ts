import type { CompletionRequest } from "@millrace/core/contract";
import type { GenerateJob, ModelInfo } from "../engines/engine.ts";
import { BOOKKEEPING, refuseUnknown, unsupported } from "./refuse-unknown.ts";
import { samplingOf, stopsOf, type SamplingDefaults } from "./sampling.ts";

const KNOWN = [
  ...BOOKKEEPING,
  ..."model prompt temperature top_p seed n stop presence_penalty frequency_penalty logit_bias stream stream_options".split(
    " ",
  ),
  ..."max_tokens echo suffix best_of logprobs".split(" "),
];
/** OpenAI's own default for this route. */
const DEFAULT_MAX_TOKENS = 16;

export interface CompletionPlan {
  readonly jobs: readonly GenerateJob[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Choices per prompt: choice i belongs to prompt ⌊i / n⌋. */
  readonly choicesPerPrompt: number;
}

/** @throws MillraceError naming the field that cannot be honoured. */
export function planCompletion(
  request: CompletionRequest,
  model: ModelInfo,
  defaults: SamplingDefaults,
): CompletionPlan {
  refuseUnknown(request, KNOWN);
  refuseUnknown(request.stream_options ?? {}, ["include_usage"], "stream_options.");
  const n = request.n ?? 1;
  if (request.echo === true) throw unsupported("echo", "This runner does not repeat the prompt.");
  if (request.suffix) throw unsupported("suffix", "This runner does not fill in the middle.");
  if ((request.best_of ?? n) !== n) throw unsupported("best_of", "This runner does not rank choices.");
  if (request.logprobs !== undefined && request.logprobs !== null) {
    throw unsupported("logprobs", "Log probabilities are reported by /v1/chat/completions only.");
  }
  const prompts = typeof request.prompt === "string" ? [request.prompt] : request.prompt;
  const sampling = samplingOf(request, defaults, model);
  const jobs = prompts.flatMap((text, prompt) =>
    Array.from({ length: n }, (_, choice): GenerateJob => ({
      prompt: { kind: "text", text },
      sampling: sampling(prompt * n + choice),
      maxTokens: request.max_tokens ?? DEFAULT_MAX_TOKENS,
      stop: stopsOf(request.stop),
      grammar: undefined,
      topLogprobs: undefined,
    })),
  );
  return {
    jobs,
    stream: request.stream === true,
    includeUsage: request.stream === true && request.stream_options?.include_usage === true,
    choicesPerPrompt: n,
  };
}
