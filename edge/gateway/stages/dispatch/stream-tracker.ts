import type { MillraceError, ModelEvent, ModelFrame, Usage } from "@millrace/core/contract";
import type { UnjoinableContent } from "@millrace/core/routing";
import { faultyArguments } from "./tool-arguments.ts";

/** Whether an event is part of the answer, and not of its frame. */
function isContent(event: ModelEvent): boolean {
  switch (event.type) {
    case "text":
    case "refusal":
    case "reasoning":
      return event.text !== "";
    case "tool-call":
    case "finish":
      return true;
    case "extra":
      return event.choice !== undefined;
    case "start":
    case "usage":
    case "error":
      return false;
  }
}

/** What one call's stream has brought so far. One pass over each batch: it is all that an undisturbed stream pays for being recoverable. */
export class StreamTracker {
  readonly #choices: number;
  readonly #finished = new Set<number>();
  #arguments: Map<string, string> | undefined;
  text = "";
  reasoning = "";
  receivedChars = 0;
  unjoinable: UnjoinableContent | undefined;
  usage: Usage | undefined;
  /** It came with the end of an answer or behind it: no count that is still growing. */
  #isFinalUsage = false;
  /** Something of the answer itself has come. */
  hasContent = false;
  /** Found behind frames that are still to be delivered. */
  fault: MillraceError | undefined;

  constructor(expectedChoices: number) {
    this.#choices = expectedChoices;
  }

  /** Every choice that was asked for has finished. */
  get complete(): boolean {
    return this.#finished.size >= this.#choices;
  }

  /** The batch as it may be delivered: without what comes for a choice that is over, and only as far as it is sound. */
  see(batch: readonly ModelFrame[]): readonly ModelFrame[] {
    let kept: ModelFrame[] | undefined;
    for (const [index, frame] of batch.entries()) {
      if (this.#isLate(frame)) {
        kept ??= batch.slice(0, index);
        continue;
      }
      for (const event of frame.events) this.#take(event);
      if (this.fault !== undefined) return kept ?? batch.slice(0, index);
      kept?.push(frame);
    }
    return kept ?? batch;
  }

  #isLate(frame: ModelFrame): boolean {
    if (this.#finished.size === 0 || frame.events.length === 0) return false;
    let late = false;
    for (const event of frame.events) {
      if (event.type === "usage") {
        // The first count of the whole is news, whatever it comes with.
        if (!this.#isFinalUsage) return false;
        late ||= frame.events.length === 1;
      } else if ("choice" in event && event.choice !== undefined) {
        late ||= this.#finished.has(event.choice) && isContent(event);
      }
    }
    return late;
  }

  #take(event: ModelEvent): void {
    switch (event.type) {
      case "text":
        this.text += event.text;
        this.#received(event.text.length);
        return;
      case "reasoning":
        this.reasoning += event.text;
        this.#received(event.text.length);
        return;
      case "refusal":
        if (event.text !== "") this.unjoinable ??= "refusal";
        this.#received(event.text.length);
        return;
      case "tool-call":
        this.#takeToolCall(event);
        return;
      case "finish":
        this.#finish(event);
        return;
      case "usage":
        this.#count(event.usage);
        return;
      case "extra":
        if (event.choice === undefined) return;
        // Notes beside the answer; an answer without them is whole.
        if (event.field !== "provider_fields") this.unjoinable ??= "other-content";
        this.hasContent = true;
        return;
      case "start":
      case "error":
        return;
    }
  }

  #count(usage: Usage): void {
    this.usage = usage;
    this.#isFinalUsage ||= this.#finished.size > 0;
  }

  #received(chars: number): void {
    if (chars === 0) return;
    this.receivedChars += chars;
    this.hasContent = true;
  }

  #takeToolCall(event: Extract<ModelEvent, { type: "tool-call" }>): void {
    this.unjoinable ??= "tool-call";
    this.hasContent = true;
    this.receivedChars += event.argumentsDelta.length;
    this.#arguments ??= new Map();
    const key = `${event.choice}/${event.index}`;
    this.#arguments.set(key, (this.#arguments.get(key) ?? "") + event.argumentsDelta);
  }

  #finish(event: Extract<ModelEvent, { type: "finish" }>): void {
    this.hasContent = true;
    if (this.#arguments !== undefined && event.reason !== "length") {
      this.fault = faultyArguments(this.#arguments.values());
      if (this.fault !== undefined) return;
    }
    this.#finished.add(event.choice);
  }
}
