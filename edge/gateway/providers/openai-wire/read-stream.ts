import { MillraceError, type ModelEvent, type ModelFrame, type Surface } from "@millrace/core/contract";
import type { FrameSource } from "../../exchange/answer.ts";
import { asFields, type Fields } from "../../json/vendor-json.ts";
import type { ByteSource } from "../../stream/read-ahead.ts";
import { readBytes } from "../../stream/read-bytes.ts";
import { createSseDecoder } from "../../stream/sse-decoder.ts";
import { chunkToEvents, isPreamble, readStart } from "./chunk-to-events.ts";
import { classifyErrorEvent, type FailureContext, withoutSecret } from "./classify-failure.ts";
import { Completeness } from "./completeness.ts";
import { isUsageChunk, usageChunkOf, visible } from "./visible-chunk.ts";
import { hasForeignReason, withOpenAiReasons } from "./openai-reasons.ts";

const DONE = "[DONE]";
/** Reads after the end of an answer: its terminator needs one, a server that goes on talking is cut off. */
const MAX_DRAIN_READS = 4;

export interface StreamOptions extends FailureContext {
  readonly surface: Surface;
  /** The caller asked for usage: its chunk is theirs. Otherwise it is ours alone. */
  readonly wantsUsage: boolean;
  readonly choices: number;
  readonly onFrames: () => void;
  /** Something came that is no event: a comment by which the server says that it is at work. */
  readonly onSign?: () => void;
}

class OpenAiFrames implements FrameSource {
  readonly #bytes: ByteSource;
  readonly #options: StreamOptions;
  readonly #decoder = createSseDecoder();
  readonly #completeness: Completeness;
  readonly #objectType: string;
  #started = false;
  #done = false;
  /** The last counts that did not come in a chunk of their own; undefined where one did, or nobody waits for it. */
  #usageChunk: string | undefined;
  /** Found behind frames that are still to be delivered. */
  #fault: MillraceError | undefined;

  constructor(body: ReadableStream<Uint8Array>, options: StreamOptions) {
    this.#bytes = readBytes(body);
    this.#options = options;
    this.#completeness = new Completeness(options.choices);
    this.#objectType = options.surface === "completions" ? "text_completion" : "chat.completion.chunk";
  }

  async next(): Promise<readonly ModelFrame[] | undefined> {
    while (this.#fault === undefined && !this.#done) {
      const bytes = await this.#read();
      const frames = this.#framesOf(bytes === undefined ? this.#decoder.end() : this.#decoder.push(bytes));
      if (bytes === undefined) this.#done = true;
      this.#addUsageChunk(frames);
      if (frames.length > 0) {
        this.#options.onFrames();
        return frames;
      }
      this.#options.onSign?.();
    }
    if (this.#fault !== undefined) throw this.#fault;
    void this.#drain();
    if (!this.#completeness.complete) throw new MillraceError("upstream-truncated");
    return undefined;
  }

  #addUsageChunk(frames: ModelFrame[]): void {
    if (!this.#done || this.#usageChunk === undefined || !this.#completeness.complete) return;
    frames.push({ events: [], raw: this.#usageChunk });
    this.#usageChunk = undefined;
  }

  /** The answer is over; what follows is dropped. Reading to the end lets the connection serve again, cancelling would close it. */
  async #drain(): Promise<void> {
    try {
      for (let reads = 0; reads < MAX_DRAIN_READS; reads++) if ((await this.#bytes.read()) === undefined) return;
      this.#bytes.cancel();
    } catch {
      // The connection is gone, which is as good.
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      return await this.#bytes.read();
    } catch (cause) {
      if (cause instanceof MillraceError) throw cause;
      // Cut after the last finish reason: the answer is whole, only its usage may be missing.
      if (this.#completeness.complete) return undefined;
      throw new MillraceError("upstream-truncated", { cause });
    }
  }

  #framesOf(payloads: readonly string[]): ModelFrame[] {
    const frames: ModelFrame[] = [];
    for (const payload of payloads) {
      if (payload === DONE) {
        this.#done = true;
        break;
      }
      const frame = this.#frameOf(payload);
      if (frame === undefined) break;
      frames.push(frame);
    }
    return frames;
  }

  /** A chunk, or undefined where it is none and the fault is known. */
  #chunkOf(payload: string): Fields | undefined {
    let chunk: Fields | undefined;
    try {
      chunk = asFields(JSON.parse(payload));
    } catch {
      // A corrupt event is a fault, not a line to skip: what it said is missing from the answer.
    }
    if (chunk === undefined) {
      this.#fault = new MillraceError("upstream-garbage", {
        message: "The model's stream held an event that is not JSON.",
      });
      return undefined;
    }
    if ((chunk["error"] === undefined || chunk["error"] === null) && chunk["object"] !== "error") return chunk;
    this.#fault = classifyErrorEvent(payload, this.#options);
    return undefined;
  }

  #frameOf(received: string): ModelFrame | undefined {
    const payload = withoutSecret(received, this.#options.secret);
    const chunk = this.#chunkOf(payload);
    if (chunk === undefined) return undefined;
    const { wantsUsage } = this.#options;
    const events: ModelEvent[] = this.#started ? chunkToEvents(chunk) : this.#begin(chunk);
    this.#completeness.see(events);
    const { failure } = this.#completeness;
    if (failure !== undefined) {
      this.#fault = new MillraceError(failure.code, { message: failure.message });
      return undefined;
    }
    if (wantsUsage && ("usage" in chunk || "x_groq" in chunk))
      this.#usageChunk = isUsageChunk(chunk) ? undefined : (usageChunkOf(chunk) ?? this.#usageChunk);
    // Azure leaves the type of its preamble empty, which strict clients refuse.
    const typed = chunk["object"] === "" ? JSON.stringify({ ...chunk, object: this.#objectType }) : payload;
    const raw = visible(typed, chunk, wantsUsage);
    return { events, raw: raw === undefined || !hasForeignReason(events) ? raw : withOpenAiReasons(raw) };
  }

  /** The events of a chunk before which there was no head yet. */
  #begin(chunk: Fields): ModelEvent[] {
    this.#started = !isPreamble(chunk);
    return [...readStart(chunk), ...chunkToEvents(chunk)];
  }
}

/** The frames of an OpenAI-compatible event stream. */
export function readStream(body: ReadableStream<Uint8Array>, options: StreamOptions): FrameSource {
  return new OpenAiFrames(body, options);
}
