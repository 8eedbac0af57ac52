import { isMillraceError, MillraceError, type ModelFrame } from "@millrace/core/contract";
import type { FrameSource, StreamedAnswer } from "../../exchange/answer.ts";
import type { ByteSource } from "../../stream/read-ahead.ts";
import { readBytes } from "../../stream/read-bytes.ts";
import type { CallDeps } from "../provider.ts";

/** Reads after the end of an answer: its terminator needs one, a server that goes on talking is cut off. */
const MAX_DRAIN_READS = 4;

/** Bytes to events, whatever the network did to the boundaries. */
export interface EventDecoder<Item> {
  /**
   * The bytes are overwritten by the next read: what is kept of them is copied.
   * @throws MillraceError `upstream-garbage`.
   */
  push(bytes: Uint8Array): readonly Item[];
  /** What the last event held when the stream ended without its terminator. */
  end(): readonly Item[];
}

/** A provider's events to frames. */
export interface StreamTranslator<Item> {
  /** @throws MillraceError when the event is an error, or is none that this provider sends. */
  take(item: Item): readonly ModelFrame[];
  /** The event that ends an answer has come; nothing after it is read. */
  readonly ended: boolean;
  /** Every answer has its finish reason and its end: whatever the connection does now, nothing is missing. */
  readonly complete: boolean;
  /** What is told only at the end, such as usage that grew with each event. Called once, when the stream is over. */
  close?(): readonly ModelFrame[];
}

class NativeFrames<Item> implements FrameSource {
  readonly #bytes: ByteSource;
  readonly #decoder: EventDecoder<Item>;
  readonly #translator: StreamTranslator<Item>;
  /** Found behind frames that are still to be delivered. */
  #fault: MillraceError | undefined;
  #over = false;

  constructor(
    body: ReadableStream<Uint8Array>,
    parts: { readonly decoder: EventDecoder<Item>; readonly translator: StreamTranslator<Item> },
  ) {
    this.#bytes = readBytes(body);
    this.#decoder = parts.decoder;
    this.#translator = parts.translator;
  }

  async next(): Promise<readonly ModelFrame[] | undefined> {
    while (this.#fault === undefined && !this.#over) {
      const bytes = await this.#read();
      const frames = this.#framesOf(bytes);
      if (frames.length > 0) return frames;
    }
    if (this.#fault !== undefined) {
      this.#bytes.cancel();
      throw this.#fault;
    }
    void this.#drain();
    return undefined;
  }

  /** The bytes of one read; undefined at the end. */
  async #read(): Promise<Uint8Array | undefined> {
    try {
      return await this.#bytes.read();
    } catch (cause) {
      if (this.#translator.complete) return undefined;
      throw isMillraceError(cause) ? cause : new MillraceError("upstream-truncated", { cause });
    }
  }

  #framesOf(bytes: Uint8Array | undefined): ModelFrame[] {
    const frames: ModelFrame[] = [];
    try {
      for (const item of bytes === undefined ? this.#decoder.end() : this.#decoder.push(bytes)) {
        if (this.#translator.ended) break;
        frames.push(...this.#translator.take(item));
      }
      if (this.#translator.ended || bytes === undefined) {
        this.#over = true;
        if (!this.#translator.complete) throw new MillraceError("upstream-truncated");
        frames.push(...(this.#translator.close?.() ?? []));
      }
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      this.#fault = error;
    }
    return frames;
  }

  /** Reading to the end lets the connection serve again, cancelling would close it. */
  async #drain(): Promise<void> {
    try {
      for (let reads = 0; reads < MAX_DRAIN_READS; reads++) if ((await this.#bytes.read()) === undefined) return;
      this.#bytes.cancel();
    } catch {
      // The connection is gone, which is as good.
    }
  }
}

/** Frames by which nothing of the answer is known yet: a provider can still be left for another one. */
function isPreamble(frame: ModelFrame): boolean {
  return frame.events.every(({ type }) => type === "start" || type === "usage");
}

/** Opens a provider's stream. It is an answer once more than its preamble is here: most faults of a full server come right behind that. */
export async function openStream<Item>(
  body: ReadableStream<Uint8Array>,
  parts: { readonly decoder: EventDecoder<Item>; readonly translator: StreamTranslator<Item> },
  deps: CallDeps,
): Promise<StreamedAnswer> {
  const frames = new NativeFrames(body, parts);
  const first: ModelFrame[] = [];
  while (first.every(isPreamble)) {
    const batch = await frames.next();
    if (batch === undefined) throw new MillraceError("upstream-truncated");
    first.push(...batch);
    // Who sends anything is alive.
    deps.awaiting("first-token");
  }
  deps.awaiting("gap");
  return {
    kind: "stream",
    first,
    rest: {
      async next() {
        const batch = await frames.next();
        if (batch !== undefined) deps.awaiting("gap");
        return batch;
      },
    },
  };
}
