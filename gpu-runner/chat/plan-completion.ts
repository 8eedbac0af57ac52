import type { CompletionRequest } from "@millrace/core/contract";
import type { GenerateJob, ModelInfo } from "../engines/engine.ts";
import { refusePromptTooLong } from "./refuse-too-long.ts";
import { refuseUnknownInRequest, unsupported } from "./refuse-unknown.ts";
import { samplingOf, stopsOf, type SamplingDefaults } from "./sampling.ts";

const KNOWN = [
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

function textsOf(prompt: CompletionRequest["prompt"]): readonly string[] {
  const prompts = typeof prompt === "string" ? [prompt] : prompt;
  return prompts.map((item) => {
    if (typeof item === "string") return item;
    throw unsupported("prompt", "This runner takes prompts as text, not as tokens.");
  });
}

/** @throws MillraceError naming the field that cannot be honoured. */
export function planCompletion(
  request: CompletionRequest,
  model: ModelInfo,
  defaults: SamplingDefaults,
): CompletionPlan {
  refuseUnknownInRequest(request, KNOWN);
  const n = request.n ?? 1;
  if (request.echo === true) throw unsupported("echo", "This runner does not repeat the prompt.");
  if (request.suffix) throw unsupported("suffix", "This runner does not fill in the middle.");
  if ((request.best_of ?? n) !== n) throw unsupported("best_of", "This runner does not rank choices.");
  if (request.logprobs !== undefined && request.logprobs !== null) {
    throw unsupported("logprobs", "Log probabilities are reported by /v1/chat/completions only.");
  }
  if (request.max_tokens === 0) throw unsupported("max_tokens", "This runner answers with one token at least.");
  const prompts = textsOf(request.prompt);
  for (const text of prompts) refusePromptTooLong({ kind: "text", text }, model);
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
