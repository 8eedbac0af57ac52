import {
  isMillraceError,
  MillraceError,
  type ModelFrame,
  toMillraceError,
  type TraceStatus,
} from "@millrace/core/contract";
import type { StreamTeller } from "../dialects/dialect.ts";
import type { FrameSource } from "../exchange/answer.ts";

/** What waits for a slow reader; beyond it the model's server is slowed down instead. */
const MAX_PENDING_CHARS = 1024 * 1024;

/** How a relayed stream ended. */
export interface RelayOutcome {
  readonly status: TraceStatus;
  readonly error: MillraceError | undefined;
}

export interface RelayOptions {
  readonly first: readonly ModelFrame[];
  readonly rest: FrameSource;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Says it in the caller's words. */
  readonly teller: StreamTeller;
  /** Sees every batch, in order. */
  readonly tap: (frames: readonly ModelFrame[]) => void;
  /** The caller has left; nothing more is written. */
  readonly callerLeft: AbortSignal;
  /** Runs between the last event and the end of the stream, whatever the outcome: the end is the acknowledgement. */
  readonly seal: (outcome: RelayOutcome) => Promise<void>;
}

const encoder = new TextEncoder();

/** One write under way; what comes meanwhile goes out together. So a slow reader gets larger pieces, a fast one gets each event at once. */
class CoalescingWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #pending = "";
  #underWay: Promise<void> | undefined;
  #failed = false;

  constructor(writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#writer = writer;
  }

  /** False once the reader is gone. */
  get open(): boolean {
    return !this.#failed;
  }

  /** Returns a promise only when the caller should slow down. */
  push(text: string): Promise<void> | undefined {
    this.#pending += text;
    this.#underWay ??= this.#pump();
    return this.#pending.length > MAX_PENDING_CHARS ? this.#underWay : undefined;
  }

  async #pump(): Promise<void> {
    try {
      while (this.#pending !== "") {
        const bytes = encoder.encode(this.#pending);
        this.#pending = "";
        await this.#writer.write(bytes);
      }
    } catch {
      this.#failed = true;
    } finally {
      this.#underWay = undefined;
    }
  }

  async flush(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay;
  }
}

async function pump(options: RelayOptions, out: CoalescingWriter): Promise<RelayOutcome> {
  try {
    for (
      let batch: readonly ModelFrame[] | undefined = options.first;
      batch !== undefined;
      batch = await options.rest.next()
    ) {
      options.tap(batch);
      const text = options.teller.frames(batch);
      const pressure = text === "" ? undefined : out.push(text);
      if (pressure !== undefined) await pressure;
      if (options.callerLeft.aborted || !out.open)
        return { status: "cancelled", error: new MillraceError("client-closed") };
    }
    return { status: "ok", error: undefined };
  } catch (cause) {
    const error = toMillraceError(cause);
    if (error.code === "client-closed" || options.callerLeft.aborted) {
      return {
        status: "cancelled",
        error: isMillraceError(cause) && cause.code === "client-closed" ? cause : new MillraceError("client-closed"),
      };
    }
    return { status: error.code === "upstream-truncated" ? "truncated" : "error", error };
  }
}

/**
 * Carries a model's stream to the caller: one reader, one writer, a network read at a time, every event at once. Only the terminal
 * words are held back, until `seal` is through. A stream that broke ends with an error event and without them, so that no client can take it for
 * a whole answer; so does one that cannot be sealed. Throws only what `seal` failed with.
 */
export async function relay(options: RelayOptions): Promise<void> {
  const out = new CoalescingWriter(options.writer);
  const outcome = await pump(options, out);
  if (outcome.status !== "ok" && outcome.status !== "cancelled" && outcome.error !== undefined) {
    void out.push(options.teller.fault(outcome.error));
  }
  const sealed = options.seal(outcome);
  // It is awaited below, perhaps only after it failed.
  sealed.catch(() => undefined);
  try {
    if (outcome.status === "cancelled") {
      await sealed;
      await options.writer.abort(outcome.error);
      return;
    }
    await out.flush();
    const ending = outcome.status === "ok" ? await options.teller.end() : "";
    await sealed;
    if (ending !== "") await options.writer.write(encoder.encode(ending));
    await options.writer.close();
  } catch (cause) {
    // The caller left at the very end, or the end cannot be told: then nobody may wait for it. The trace is sealed all the same.
    await options.writer.abort(cause).catch(() => undefined);
    await sealed;
  }
}
