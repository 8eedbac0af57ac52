import { LlamaGrammarEvaluationState, type LlamaContextSequence, type Token } from "node-llama-cpp";
import { isMillraceError, MillraceError } from "@millrace/core/contract";
import type { GenerateEvent, GenerateJob, TokenReport } from "../engine.ts";
import { GeneratedText, tokenReport, type Released } from "./generated-text.ts";
import type { LoadedModel } from "./load-model.ts";
import { promptTokens } from "./prompt-tokens.ts";
import { SamplingBias } from "./token-bias.ts";

export interface RunJobOptions {
  readonly loaded: LoadedModel;
  readonly sequence: LlamaContextSequence;
  readonly job: GenerateJob;
  readonly tokens: readonly Token[];
  readonly chunkTokens: number;
  readonly cancelled: () => boolean;
  readonly emit: (event: GenerateEvent) => void;
  /** Called after each finished prefill chunk: work that shows no event yet. */
  readonly onStep: () => void;
}

/** The context always keeps one free cell: a full one would make llama.cpp shift it and silently forget the beginning. */
const SPARE_TOKENS = 1;

/** Prompt → tokens. @throws MillraceError when there is no template or the prompt does not fit. */
export function tokensOf(loaded: LoadedModel, job: GenerateJob): Token[] {
  const tokenizeText = (text: string) => loaded.model.tokenize(text, false);
  const tokens = (
    job.prompt.kind === "text" ? tokenizeText(job.prompt.text) : chatTokens(loaded, job.prompt.messages)
  ) as Token[];
  const begin = loaded.beginToken;
  const whole = begin !== undefined && tokens[0] !== begin ? [begin, ...tokens] : tokens;
  if (whole.length === 0) {
    throw new MillraceError("invalid-request", { param: "prompt", message: "The prompt is empty." });
  }
  const limit = loaded.info.contextTokens - SPARE_TOKENS - 1;
  if (whole.length > limit) {
    throw new MillraceError("context-too-long", {
      param: job.prompt.kind === "text" ? "prompt" : "messages",
      message: `The prompt has ${whole.length} tokens; this model's context holds ${loaded.info.contextTokens}, prompt and answer together.`,
    });
  }
  return whole;

  function chatTokens(
    from: LoadedModel,
    messages: Parameters<NonNullable<LoadedModel["template"]>["render"]>[0],
  ): number[] {
    if (from.template === undefined) {
      throw new MillraceError("unsupported-parameter", {
        param: "messages",
        message: "This model has no chat template; call /v1/completions.",
      });
    }
    return promptTokens(from.template.render(messages), { tokenizeText, controls: from.controls });
  }
}

/** Runs one job on one sequence; always emits one `finish` or one `error` at the end. */
export async function runJob(options: RunJobOptions): Promise<void> {
  try {
    const last = await prefill(options);
    if (last === undefined) options.emit({ type: "finish", reason: "cancelled", outputTokens: 0 });
    else await decode(options, last);
  } catch (error) {
    options.emit(errorEvent(error));
  }
}

export function errorEvent(error: unknown): GenerateEvent {
  if (isMillraceError(error)) return { type: "error", code: error.code, message: error.message, param: error.param };
  const words = error instanceof Error ? error.message : String(error);
  return { type: "error", code: "internal", message: `The engine failed: ${words}`, param: undefined };
}

/** Evaluates all but the last chunk, in steps small enough that a cancel is seen; undefined when cancelled. */
async function prefill({
  loaded,
  sequence,
  tokens,
  chunkTokens,
  cancelled,
  emit,
  onStep,
}: RunJobOptions): Promise<Token[] | undefined> {
  const shared = sequence.needsCheckpoints ? 0 : sequence.compareContextTokens([...tokens]).firstDifferentIndex;
  // The last token is always evaluated anew: its logits choose the first token of the answer.
  const reused = Math.min(shared, tokens.length - 1);
  if (reused === 0) await sequence.clearHistory();
  else if (sequence.nextTokenIndex > reused) {
    await sequence.eraseContextTokenRanges([{ start: reused, end: sequence.nextTokenIndex }]);
  }
  const cached = sequence.nextTokenIndex;
  emit({ type: "start", promptTokens: tokens.length, cachedTokens: cached });
  let at = cached;
  while (tokens.length - at > chunkTokens) {
    if (cancelled()) return undefined;
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, at + chunkTokens));
    at += chunkTokens;
    onStep();
  }
  if (cancelled() || loaded.context.disposed) return undefined;
  return tokens.slice(at);
}

async function grammarState({ loaded, job }: RunJobOptions): Promise<LlamaGrammarEvaluationState | undefined> {
  if (job.grammar === undefined) return undefined;
  const grammar = await loaded.llama.createGrammar({ grammar: job.grammar }).catch((error: unknown) => {
    throw new MillraceError("unsupported-parameter", {
      param: "response_format",
      message: "llama.cpp cannot build a grammar for this schema; a part of it may refer to itself and nothing else.",
      cause: error,
    });
  });
  return new LlamaGrammarEvaluationState({ model: loaded.model, grammar });
}

function reportOf({ job, loaded }: RunJobOptions, value: { readonly token: Token }): TokenReport | undefined {
  const probabilities = "probabilities" in value ? value.probabilities : undefined;
  if (job.topLogprobs === undefined || !(probabilities instanceof Map)) return undefined;
  return tokenReport({
    token: value.token,
    probabilities,
    temperature: job.sampling.temperature,
    top: job.topLogprobs,
    bytesOf: loaded.bytesOf,
  });
}

async function decode(options: RunJobOptions, prompt: Token[]): Promise<void> {
  const { loaded, job, emit } = options;
  const bias = SamplingBias.for(loaded.model, job.sampling);
  const state = await grammarState(options);
  const text = new GeneratedText({ stop: job.stop, bytesOf: loaded.bytesOf });
  const room = loaded.info.contextTokens - SPARE_TOKENS - options.tokens.length;
  const limit = Math.min(job.maxTokens ?? room, room);
  const iterator = options.sequence.evaluateWithMetadata(
    prompt,
    { probabilities: job.topLogprobs !== undefined },
    {
      temperature: job.sampling.temperature,
      topK: 0,
      topP: job.sampling.topP,
      minP: 0,
      seed: job.sampling.seed,
      ...(state === undefined ? {} : { grammarEvaluationState: state }),
      ...(bias === undefined ? {} : { tokenBias: () => bias.current() }),
    },
  );
  const release = (released: Released) => {
    if (released.text === "" && released.logprobs.length === 0) return;
    emit({
      type: "text",
      text: released.text,
      logprobs: job.topLogprobs === undefined ? undefined : released.logprobs,
    });
  };
  let count = 0;
  let reason: "stop" | "length" | "cancelled" = "stop";
  let next = iterator.next();
  for (;;) {
    const { done, value } = await next;
    if (done === true) break;
    count += 1;
    bias?.count(value.token);
    const ended = options.cancelled() ? "cancelled" : count >= limit ? "length" : undefined;
    // The next step starts before this token becomes text: that work then costs no time. At a stop string one step is wasted.
    if (ended === undefined) next = iterator.next();
    const released = text.push(value.token, reportOf(options, value));
    release(released);
    if (released.stopped || ended !== undefined) {
      if (ended === undefined) await next;
      else reason = released.stopped ? "stop" : ended;
      await iterator.return();
      if (!released.stopped) release(text.end());
      emit({ type: "finish", reason, outputTokens: count });
      return;
    }
  }
  release(text.end());
  emit({ type: "finish", reason, outputTokens: count });
}
