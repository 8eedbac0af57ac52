import type { GenerateEvent } from "../engine.ts";

/** Longest that a piece of text waits for company: unnoticeable to a reader, and 16 streams then cost one message per several batch steps. */
const COALESCE_MS = 6;

export interface ReportBufferDeps {
  readonly send: (events: (readonly [number, GenerateEvent])[]) => void;
  readonly nowMs: () => number;
  readonly schedule: (run: () => void, delayMs: number) => void;
}

/**
 * Collects events of all sequences into few messages, and joins consecutive text of one sequence. The first event after a pause leaves
 * at once, so the time to the first token is not touched.
 */
export class ReportBuffer {
  readonly #deps: ReportBufferDeps;
  #events: (readonly [number, GenerateEvent])[] = [];
  /** Position in `#events` of each sequence's last event, when that is text. */
  #openText = new Map<number, number>();
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #scheduled = false;
  #ending = false;

  constructor(deps: ReportBufferDeps) {
    this.#deps = deps;
  }

  push(id: number, event: GenerateEvent): void {
    const open = this.#openText.get(id);
    const previous = open === undefined ? undefined : this.#events[open]?.[1];
    if (event.type === "text" && open !== undefined && previous?.type === "text") {
      const logprobs =
        previous.logprobs || event.logprobs ? [...(previous.logprobs ?? []), ...(event.logprobs ?? [])] : undefined;
      this.#events[open] = [id, { type: "text", text: previous.text + event.text, logprobs }];
    } else {
      this.#events.push([id, event]);
      if (event.type === "text") this.#openText.set(id, this.#events.length - 1);
      else this.#openText.delete(id);
    }
    if (event.type === "finish" || event.type === "error") this.#flushNext();
    else this.#flushSoon();
  }

  /** An end does not wait: nothing more comes, and the caller does. Ends of the same batch step still share a message. */
  #flushNext(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#deps.schedule(() => this.flush(), 0);
  }

  #flushSoon(): void {
    if (this.#scheduled) return;
    const waitMs = this.#lastSentMs + COALESCE_MS - this.#deps.nowMs();
    this.#scheduled = true;
    this.#deps.schedule(
      () => {
        this.#scheduled = false;
        this.flush();
      },
      Math.max(0, waitMs),
    );
  }

  flush(): void {
    this.#ending = false;
    if (this.#events.length === 0) return;
    const events = this.#events;
    this.#events = [];
    this.#openText.clear();
    this.#lastSentMs = this.#deps.nowMs();
    this.#deps.send(events);
  }
}
