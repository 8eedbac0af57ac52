import { BurstPace } from "./burst-pace.ts";
import { type AheadSource, type ByteSource, readAhead } from "./read-ahead.ts";

/** Whether a body can be read ahead of us: what came from the network can, what went through a stream of ours may not. */
export function isByteStream(body: ReadableStream<Uint8Array>): boolean {
  try {
    body.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads an event stream: a chunk at a time, as it came, until it turns out to come in bursts; then a burst at a time. Reading ahead costs memory that
 * a thousand streams at a model's own pace need not have.
 */
class PacedReader implements ByteSource {
  readonly #body: ReadableStream<Uint8Array>;
  readonly #canReadAhead: boolean;
  readonly #pace = new BurstPace();
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #ahead: AheadSource | undefined;
  #lastReadMs = 0;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#body = body;
    this.#canReadAhead = isByteStream(body);
    this.#reader = body.getReader();
  }

  async read(): Promise<Uint8Array | undefined> {
    const { pauseMs } = this.#pace;
    if (this.#ahead !== undefined && pauseMs > 0) await this.#ahead.pause(pauseMs);
    const pausedMs = this.#ahead === undefined ? 0 : pauseMs;
    const bytes = this.#ahead === undefined ? (await this.#reader.read()).value : await this.#ahead.read();
    if (bytes === undefined) return undefined;
    const nowMs = performance.now();
    this.#pace.arrived({ gapMs: nowMs - this.#lastReadMs, bytes: bytes.byteLength }, pausedMs);
    this.#lastReadMs = nowMs;
    if (this.#ahead === undefined && this.#canReadAhead && this.#pace.isBurst) {
      this.#reader.releaseLock();
      this.#ahead = readAhead(this.#body);
    }
    return bytes;
  }

  cancel(): void {
    if (this.#ahead !== undefined) this.#ahead.cancel();
    else this.#reader.cancel().catch(() => undefined);
  }
}

/** The bytes of an event stream, piece by piece. */
export function readBytes(body: ReadableStream<Uint8Array>): ByteSource {
  return new PacedReader(body);
}
