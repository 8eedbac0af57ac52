import type { JsonObject, MediaSurface, ModelFrame, NativeDialect, Usage } from "@millrace/core/contract";
import type { MediaSummary } from "../media/media-observer.ts";

/** A model's stream: batches of frames, one batch per network read. */
export interface FrameSource {
  /**
   * The next batch, never empty; undefined once the answer is complete.
   * @throws MillraceError `upstream-truncated`, `upstream-garbage`, `upstream-timeout`, … when it never will be.
   */
  next(): Promise<readonly ModelFrame[] | undefined>;
}

/** A whole answer: its JSON text as the caller gets it, and the same parsed. */
export interface WholeAnswer {
  readonly kind: "whole";
  readonly text: string;
  readonly body: Readonly<JsonObject>;
  /** The provider's own JSON text, where it speaks a dialect that callers may speak as well. */
  readonly native?: { readonly dialect: NativeDialect; readonly text: string };
}

export interface StreamedAnswer {
  readonly kind: "stream";
  /** What the first network read brought; the answer is committed to only when this is here and sound. */
  readonly first: readonly ModelFrame[];
  readonly rest: FrameSource;
}

/** Pictures, sound, or what was heard: passes by as it comes, in whichever form the provider chose. */
export interface MediaAnswer {
  readonly kind: "media";
  readonly surface: MediaSurface;
  /** The request, for what is counted by it. */
  readonly fields: Readonly<JsonObject>;
  readonly contentType: string;
  /** Its first piece is here and sound. */
  readonly body: ReadableStream<Uint8Array>;
}

/** The same on its way to the caller. */
export interface MediaUnderWay {
  readonly kind: "media";
  readonly contentType: string;
  readonly source: MediaSource;
}

export interface MediaSource {
  /**
   * The next piece; undefined once the answer is complete.
   * @throws MillraceError when it never will be.
   */
  next(): Promise<Uint8Array | undefined>;
  /** Of what has passed so far. */
  summary(): MediaSummary;
}

export type ModelAnswer = WholeAnswer | StreamedAnswer | MediaAnswer;

/** What is known of an answer once it ended, however it ended. */
export interface AnswerSummary {
  /** In OpenAI's form; of a broken stream, as much as arrived. */
  readonly response: Readonly<JsonObject> | undefined;
  readonly usage: Usage | undefined;
  readonly finishReasons: readonly string[];
  readonly model: string | undefined;
}
