import type { ModelEvent } from "@millrace/core/contract";

/** Knows whether a stream is a whole answer: every choice that was asked for has finished. */
export class Completeness {
  readonly #expected: number;
  readonly #begun = new Set<number>();
  readonly #finished = new Set<number>();
  #failure: Extract<ModelEvent, { type: "error" }> | undefined;

  constructor(expectedChoices: number) {
    this.#expected = expectedChoices;
  }

  see(events: readonly ModelEvent[]): void {
    for (const event of events) {
      if (event.type === "finish") this.#finished.add(event.choice);
      else if (event.type === "error") this.#failure ??= event;
      else if ("choice" in event && event.choice !== undefined) this.#begun.add(event.choice);
    }
  }

  /** The server's own word that it gave up. */
  get failure(): Extract<ModelEvent, { type: "error" }> | undefined {
    return this.#failure;
  }

  get complete(): boolean {
    if (this.#finished.size < this.#expected) return false;
    for (const choice of this.#begun) if (!this.#finished.has(choice)) return false;
    return true;
  }
}
