const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;

/**
 * JSON text, or events of it, with every long string cut short, as it streams past: a picture in an answer is megabytes of one string, and what
 * it cost stands beside it. Never holds more than the bound.
 */
export class ShortStrings {
  readonly #maxStringBytes: number;
  readonly #maxBytes: number;
  readonly #out: Uint8Array;
  /** Events: only the latest have to be kept. */
  readonly #events: boolean;
  #size = 0;
  #inString = false;
  #escaped = false;
  #stringBytes = 0;
  #overflowed = false;

  constructor(bounds: { readonly maxStringBytes: number; readonly maxBytes: number; readonly events: boolean }) {
    this.#events = bounds.events;
    this.#maxStringBytes = bounds.maxStringBytes;
    this.#maxBytes = bounds.maxBytes;
    this.#out = new Uint8Array(bounds.maxBytes);
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      // Most bytes are inside a string that is already too long: find its end without a look at each.
      if (this.#inString && !this.#escaped && this.#stringBytes >= this.#maxStringBytes) {
        at = this.#skip(chunk, at);
        if (at >= chunk.length) return;
      }
      this.#see(chunk[at] ?? 0);
    }
  }

  #skip(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH && chunk[at] !== LINE_FEED) at++;
    return at;
  }

  #see(byte: number): void {
    // No string of JSON holds a line feed, and every event begins after one.
    if (this.#events && byte === LINE_FEED) this.#inString = this.#escaped = false;
    if (!this.#inString) {
      if (byte === QUOTE) {
        this.#inString = true;
        this.#stringBytes = 0;
      }
      this.#keep(byte);
      return;
    }
    if (this.#escaped) {
      this.#escaped = false;
      // The backslash before it was kept or left out; the two go together.
      if (this.#stringBytes <= this.#maxStringBytes) this.#keep(byte);
      this.#stringBytes++;
    } else if (byte === QUOTE) {
      this.#inString = false;
      this.#keep(byte);
    } else {
      if (byte === BACKSLASH) this.#escaped = true;
      this.#stringBytes++;
      if (this.#stringBytes <= this.#maxStringBytes) this.#keep(byte);
    }
  }

  #keep(byte: number): void {
    if (this.#size >= this.#maxBytes && this.#events) this.#forget();
    if (this.#size >= this.#maxBytes) this.#overflowed = true;
    else this.#out[this.#size++] = byte;
  }

  /** Drops all events but the one that is under way. */
  #forget(): void {
    let start = this.#size - 1;
    while (start > 0 && !(this.#out[start] === LINE_FEED && this.#out[start - 1] === LINE_FEED)) start--;
    if (start === 0) return;
    this.#out.copyWithin(0, start + 1, this.#size);
    this.#size -= start + 1;
  }

  /** What was kept; undefined when even that was more than the bound. A character cut in half is U+FFFD. */
  text(): string | undefined {
    return this.#overflowed ? undefined : new TextDecoder().decode(this.#out.subarray(0, this.#size));
  }
}
