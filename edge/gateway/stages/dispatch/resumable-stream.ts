import { MillraceError, toMillraceError } from "@millrace/core/contract";
import type { DeliveredAnswer } from "@millrace/core/routing";
import type { FrameSource, StreamedAnswer } from "../../exchange/answer.ts";
import { asFields } from "../../json/vendor-json.ts";
import type { FrameBatch } from "../../providers/provider.ts";
import type { AttemptEngine, OpenedCall } from "./attempt-engine.ts";
import type { Continuation, StreamHead } from "./continuation.ts";
import { HoldBack } from "./hold-back.ts";
import { divergence, resumeStream } from "./resume-stream.ts";
import type { TargetCall } from "./target-call.ts";

/**
 * A stream that outlives the call which began it: when that breaks, another goes on where the caller is. While nothing breaks, batches pass
 * through as they came.
 */
export class ResumableStream implements FrameSource {
  readonly first: FrameBatch;
  readonly #engine: AttemptEngine;
  readonly #hold: HoldBack;
  readonly #firstChunk: string | undefined;
  #call: TargetCall;
  #index: number;
  /** Set once another call goes on. */
  #continuation: Continuation | undefined;
  /** What calls before the present one delivered. */
  #before: DeliveredAnswer = { text: "", reasoning: "", unjoinable: undefined };
  #over = false;
  #failure: MillraceError | undefined;

  constructor(engine: AttemptEngine, opened: OpenedCall, answer: StreamedAnswer) {
    this.#engine = engine;
    this.#call = opened.call;
    this.#index = opened.index;
    this.#hold = new HoldBack(engine.resolution.resilience.hold_back_chars);
    this.#firstChunk = answer.first.find((frame) => frame.raw !== undefined)?.raw;
    this.first = this.#released(answer.first);
  }

  async next(): Promise<FrameBatch | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#over) return undefined;
      let batch: FrameBatch | undefined;
      try {
        batch = await this.#call.next();
        if (batch !== undefined) batch = this.#fresh(batch);
      } catch (error) {
        batch = await this.#recovered(toMillraceError(error));
      }
      if (batch === undefined) this.#over = true;
      // What was kept back is the caller's also where nobody goes on; then the failure is told.
      const out = batch === undefined || this.#failure !== undefined ? this.#hold.flush() : this.#released(batch);
      if (out.length > 0) return out;
    }
  }

  /** Gives the stream up. */
  cancel(): void {
    this.#call.cancel(new MillraceError("client-closed"));
  }

  #fresh(batch: FrameBatch): FrameBatch {
    if (this.#continuation === undefined) return batch;
    const fresh = this.#continuation.take(batch);
    if (!this.#continuation.diverged) return fresh;
    const error = divergence();
    this.#call.reject(error);
    throw error;
  }

  #released(batch: FrameBatch): FrameBatch {
    const out = this.#hold.push(batch);
    return this.#call.tracker.complete ? [...out, ...this.#hold.flush()] : out;
  }

  async #recovered(error: MillraceError): Promise<FrameBatch> {
    const delivered = this.#delivered();
    try {
      const broken = { index: this.#index, error, delivered, head: this.#head() };
      const resumed = await resumeStream(this.#engine, broken);
      this.#hold.drop();
      this.#before = delivered;
      this.#call = resumed.call;
      this.#index = resumed.index;
      this.#continuation = resumed.continuation;
      return resumed.batch;
    } catch (cause) {
      this.#failure = toMillraceError(cause);
      return [];
    }
  }

  /** All that the caller has. */
  #delivered(): DeliveredAnswer {
    const present = this.#continuation ?? this.#call.tracker;
    const text = this.#before.text + present.text;
    return {
      text: text.slice(0, text.length - this.#hold.heldChars),
      reasoning: this.#before.reasoning + present.reasoning,
      unjoinable: this.#before.unjoinable ?? present.unjoinable,
    };
  }

  #head(): StreamHead {
    const chunk = this.#firstChunk === undefined ? undefined : asFields(JSON.parse(this.#firstChunk));
    return { id: chunk?.["id"], created: chunk?.["created"] };
  }
}
