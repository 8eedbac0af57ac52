import type { ErrorCode } from "./errors.ts";
import type { FinishReason, TokenLogprob } from "./wire/chat-response.ts";

/**
 * What an exchange consumed. `undefined` is unknown. Tokens, unless it says otherwise.
 * `inputTokens` and `outputTokens` are wholes: every other input and output count is a part of them, whatever the provider's own form is
 * (OpenAI counts cached tokens into `prompt_tokens`, Anthropic counts them apart: its converter adds them up). An unknown part is none.
 */
export interface Usage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  /** Read from the provider's prompt cache. */
  readonly cachedInputTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  /** Written to the provider's prompt cache, for any time. */
  readonly cacheWriteTokens?: number | undefined;
  /** Of `cacheWriteTokens`, those kept for an hour. */
  readonly cacheWrite1hTokens?: number | undefined;
  readonly audioInputTokens?: number | undefined;
  readonly audioOutputTokens?: number | undefined;
  readonly imageInputTokens?: number | undefined;
  readonly imageOutputTokens?: number | undefined;
  /** Images made. */
  readonly images?: number | undefined;
  /** Seconds of audio, heard or made; may have a fraction. */
  readonly audioSeconds?: number | undefined;
  /** Characters spoken. */
  readonly characters?: number | undefined;
  /** How the provider says that it served the call (`default`, `flex`, `priority`, …), where it says so: the price depends on it. */
  readonly serviceTier?: string | undefined;
  /** Who counted: `estimated` only where the provider reported nothing. */
  readonly source: "provider" | "estimated";
  /** How an estimate was made: a tokenizer's name such as `o200k_base`, or `characters`. */
  readonly estimatedBy?: string | undefined;
}

/** A model's answer as one typed event stream; every provider is converted to it and every wire format from it. */
export type ModelEvent =
  | {
      readonly type: "start";
      readonly id: string | undefined;
      readonly model: string | undefined;
      readonly createdSeconds: number | undefined;
      readonly systemFingerprint: string | undefined;
    }
  | {
      readonly type: "text";
      readonly choice: number;
      readonly text: string;
      readonly logprobs: readonly TokenLogprob[] | undefined;
    }
  | { readonly type: "refusal"; readonly choice: number; readonly text: string }
  | { readonly type: "reasoning"; readonly choice: number; readonly text: string }
  | {
      readonly type: "tool-call";
      readonly choice: number;
      readonly index: number;
      readonly id: string | undefined;
      readonly name: string | undefined;
      readonly argumentsDelta: string;
      /** What else the call has (`extra_content`, a thought's signature, …), as it came. */
      readonly extras?: Readonly<Record<string, unknown>>;
    }
  /** A field that no other event names (`annotations`, `service_tier`, …), kept as it came; without a choice it belongs to the whole answer. */
  | { readonly type: "extra"; readonly choice: number | undefined; readonly field: string; readonly value: unknown }
  /** The same beside a choice's message (`stop_reason`, `content_filter_results`, …). */
  | { readonly type: "choice-extra"; readonly choice: number; readonly field: string; readonly value: unknown }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "finish"; readonly choice: number; readonly reason: FinishReason; readonly rawReason: string }
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string };

/**
 * What one upstream event became. `raw` is the JSON text that an OpenAI caller receives: the provider's own, byte for byte, where it
 * already speaks that format, so that fields which Millrace does not know survive; undefined where the caller receives nothing (a usage
 * chunk that was not asked for). Frames travel in batches: one batch per network read.
 */
export interface ModelFrame {
  readonly events: readonly ModelEvent[];
  readonly raw: string | undefined;
  /** The upstream's own event, where it speaks a dialect that callers may speak as well. Such a frame may have no events and no `raw` (a ping). */
  readonly native?: NativeEvent;
}

/** Wire formats beside OpenAI's that a caller and a provider can share; what is in it then travels untranslated. */
export type NativeDialect = "anthropic";

/** One server-sent event: its `event` name and its `data`, JSON text as it came. */
export interface NativeEvent {
  readonly dialect: NativeDialect;
  readonly event: string;
  readonly data: string;
}
