import { MillraceError } from "@millrace/core/contract";
import type { MediaAnswer, MediaSource } from "../../exchange/answer.ts";
import { MediaObserver, type MediaSummary } from "../../media/media-observer.ts";
import type { TargetCall } from "./target-call.ts";

/** Pictures or sound on their way to the caller. What broke after its first piece cannot be had from another target: no two make the same. */
export class MediaStream implements MediaSource {
  readonly #call: TargetCall;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #observer: MediaObserver;

  constructor(call: TargetCall, answer: MediaAnswer) {
    this.#call = call;
    this.#reader = answer.body.getReader();
    this.#observer = new MediaObserver(answer);
  }

  async next(): Promise<Uint8Array | undefined> {
    let piece: ReadableStreamReadResult<Uint8Array>;
    this.#call.reads();
    try {
      piece = await this.#reader.read();
    } catch (cause) {
      throw this.#call.fail(new MillraceError("upstream-truncated", { cause }), this.#observer.summary().usage);
    }
    if (!piece.done) {
      this.#observer.add(piece.value);
      this.#call.passed(piece.value.byteLength);
      return piece.value;
    }
    const { isWhole, usage, error } = this.#observer.summary();
    if (!isWhole) {
      const message = error === undefined ? undefined : "The model's server ended its answer with an error.";
      throw this.#call.fail(new MillraceError("upstream-truncated", message === undefined ? {} : { message }), usage);
    }
    this.#call.complete(usage);
    return undefined;
  }

  summary(): MediaSummary {
    return this.#observer.summary();
  }

  cancel(): void {
    this.#call.cancel(new MillraceError("client-closed"));
    this.#reader.cancel().catch(() => undefined);
  }
}
