import type { ModelFrame } from "@millrace/core/contract";

function textLength(frame: ModelFrame): number {
  let length = 0;
  for (const event of frame.events) if (event.type === "text") length += event.text.length;
  return length;
}

/** Keeps the newest frames of a stream back while fewer than so many characters of text lie behind them: what the caller does not have can still change. */
export class HoldBack {
  readonly #chars: number;
  #held: { readonly frame: ModelFrame; readonly length: number }[] = [];
  #heldChars = 0;

  constructor(chars: number) {
    this.#chars = chars;
  }

  /** Characters of text that came and were not given out. */
  get heldChars(): number {
    return this.#heldChars;
  }

  /** What may go out now that these have come. */
  push(batch: readonly ModelFrame[]): readonly ModelFrame[] {
    if (this.#chars === 0) return batch;
    const out: ModelFrame[] = [];
    for (const frame of batch) {
      const length = textLength(frame);
      if (length === 0 && this.#held.length === 0) out.push(frame);
      else {
        this.#held.push({ frame, length });
        this.#heldChars += length;
      }
    }
    while (this.#held[0] !== undefined && this.#heldChars - this.#held[0].length >= this.#chars) {
      const first = this.#held.shift();
      if (first === undefined) break;
      this.#heldChars -= first.length;
      out.push(first.frame);
    }
    return out;
  }

  /** Everything that is kept: the answer is over. */
  flush(): readonly ModelFrame[] {
    const out = this.#held.map(({ frame }) => frame);
    this.drop();
    return out;
  }

  /** Forgets what is kept: it will be told again. */
  drop(): void {
    this.#held = [];
    this.#heldChars = 0;
  }
}
