import type { ErrorCode } from "./errors.ts";
import type { FinishReason, TokenLogprob } from "./wire/chat-response.ts";

/** What an exchange consumed. `undefined` is unknown. Tokens. */
export interface Usage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly cachedInputTokens: number | undefined;
  readonly reasoningTokens: number | undefined;
  /** Who counted: `estimated` only where the provider reported nothing. */
  readonly source: "provider" | "estimated";
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
    }
  /** A field that no other event names (`annotations`, `service_tier`, …), kept as it came; without a choice it belongs to the whole answer. */
  | { readonly type: "extra"; readonly choice: number | undefined; readonly field: string; readonly value: unknown }
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
