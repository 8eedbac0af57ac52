import { MillraceError, type ModelEvent, type ModelFrame, type Surface } from "@millrace/core/contract";
import type { FrameSource } from "../../exchange/answer.ts";
import { asFields, type Fields } from "../../json/vendor-json.ts";
import { type ReadAhead, readAhead } from "../../stream/read-ahead.ts";
import { isByteStream, readPlainly } from "../../stream/read-plainly.ts";
import { createSseDecoder } from "../../stream/sse-decoder.ts";
import { chunkToEvents, isPreamble, readStart } from "./chunk-to-events.ts";
import { classifyErrorEvent, type FailureContext, withoutSecret } from "./classify-failure.ts";
import { Completeness } from "./completeness.ts";
import { hasForeignReason, withOpenAiReasons } from "./openai-reasons.ts";

const DONE = "[DONE]";
/** Millrace always asks for usage; the field then stands in every chunk, which a caller who did not ask must not see. */
const NULL_USAGE = ',"usage":null';

/** Reads after the end of an answer: its terminator needs one, a server that goes on talking is cut off. */
const MAX_DRAIN_READS = 4;

export interface StreamOptions extends FailureContext {
  readonly surface: Surface;
  /** The caller asked for usage: its chunk is theirs. Otherwise it is ours alone. */
  readonly wantsUsage: boolean;
  readonly choices: number;
  readonly onFrames: () => void;
}

/** A chunk without the counts that only Millrace asked for, from vendors that put them beside choices (Mistral, xAI) or into a field of their own (Groq). */
function withoutUsage(chunk: Fields): string {
  const { usage: _usage, x_groq: groq, ...rest } = chunk;
  const { usage: _groqUsage, ...own } = asFields(groq) ?? {};
  return JSON.stringify(groq === undefined ? rest : { ...rest, x_groq: own });
}

/** What the caller receives of one chunk: its own bytes, unless they hold the usage that only Millrace asked for. */
function visible(payload: string, chunk: Fields, wantsUsage: boolean): string | undefined {
  if (wantsUsage) return payload;
  if (asFields(chunk["x_groq"])?.["usage"] !== undefined) return withoutUsage(chunk);
  if (!("usage" in chunk)) return payload;
  if (chunk["usage"] === null) return payload.replace(NULL_USAGE, "");
  return isUsageChunk(chunk) ? undefined : withoutUsage(chunk);
}

/** The form in which OpenAI sends usage: a last chunk without choices. */
function isUsageChunk(chunk: Fields): boolean {
  return Array.isArray(chunk["choices"]) && chunk["choices"].length === 0;
}

/** Counts that came beside choices, as the chunk that a caller who asked for usage waits for. */
function usageChunkOf(chunk: Fields): string | undefined {
  const usage = chunk["usage"] ?? asFields(chunk["x_groq"])?.["usage"];
  if (usage === null || usage === undefined) return undefined;
  const { id, object, created, model } = chunk;
  return JSON.stringify({ id, object, created, model, choices: [], usage });
}

class OpenAiFrames implements FrameSource {
  readonly #bytes: ReadAhead;
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
    this.#bytes = isByteStream(body) ? readAhead(body) : readPlainly(body);
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

  #frameOf(received: string): ModelFrame | undefined {
    const payload = withoutSecret(received, this.#options.secret);
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
    if ((chunk["error"] !== undefined && chunk["error"] !== null) || chunk["object"] === "error") {
      this.#fault = classifyErrorEvent(payload, this.#options);
      return undefined;
    }
    // Azure leaves the type of its preamble empty, which strict clients refuse.
    if (!this.#started && chunk["object"] === "")
      return this.#frameOf(JSON.stringify({ ...chunk, object: this.#objectType }));
    const events: ModelEvent[] = this.#started ? chunkToEvents(chunk) : [...readStart(chunk), ...chunkToEvents(chunk)];
    if (!this.#started) this.#started = !isPreamble(chunk);
    this.#completeness.see(events);
    const { failure } = this.#completeness;
    if (failure !== undefined) {
      this.#fault = new MillraceError(failure.code, { message: failure.message });
      return undefined;
    }
    if (this.#options.wantsUsage && ("usage" in chunk || "x_groq" in chunk))
      this.#usageChunk = isUsageChunk(chunk) ? undefined : (usageChunkOf(chunk) ?? this.#usageChunk);
    const raw = visible(payload, chunk, this.#options.wantsUsage);
    return { events, raw: raw === undefined || !hasForeignReason(events) ? raw : withOpenAiReasons(raw) };
  }
}

/** The frames of an OpenAI-compatible event stream. */
export function readStream(body: ReadableStream<Uint8Array>, options: StreamOptions): FrameSource {
  return new OpenAiFrames(body, options);
}
