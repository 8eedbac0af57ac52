import type { ModelEvent } from "@millrace/core/contract";

/** Knows whether a stream is a whole answer: every choice that was asked for has finished. */
export class Completeness {
  readonly #expected: number;
  readonly #begun = new Set<number>();
  readonly #finished = new Set<number>();

  constructor(expectedChoices: number) {
    this.#expected = expectedChoices;
  }

  see(events: readonly ModelEvent[]): void {
    for (const event of events) {
      if (event.type === "finish") this.#finished.add(event.choice);
      else if ("choice" in event && event.choice !== undefined) this.#begun.add(event.choice);
    }
  }

  get complete(): boolean {
    if (this.#finished.size < this.#expected) return false;
    for (const choice of this.#begun) if (!this.#finished.has(choice)) return false;
    return true;
  }
}
