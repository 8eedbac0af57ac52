import { MillraceError, type ModelEvent, type ModelFrame, type Usage } from "@millrace/core/contract";
import type { UnjoinableContent } from "@millrace/core/routing";
import { asFields, asList } from "../../json/vendor-json.ts";
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
    case "choice-extra":
    case "start":
    case "usage":
    case "error":
      return false;
  }
}

/** As much as of an answer in one piece; what a stream brings is kept until its trace is written. Characters. */
const MAX_ANSWER_CHARS = 24 * 1024 * 1024;
/** What an event weighs beside its words, and a token's logprob, in characters. */
const EVENT_CHARS = 16;
const LOGPROB_CHARS = 64;
/** What a frame has around a few words. */
const USUAL_FRAME_CHARS = 512;

/** What is kept of an event, roughly. Characters. */
function weightOf(event: ModelEvent): number {
  if ("text" in event) {
    const logprobs = event.type === "text" ? (event.logprobs ?? []) : [];
    const tokens = logprobs.reduce((sum, { top_logprobs: top }) => sum + 1 + (top?.length ?? 0), 0);
    return EVENT_CHARS + event.text.length + tokens * LOGPROB_CHARS;
  }
  if (event.type !== "tool-call") return EVENT_CHARS;
  return EVENT_CHARS + event.argumentsDelta.length + (event.id?.length ?? 0) + (event.name?.length ?? 0);
}

/** A frame without what it holds for choices that are over. */
function withoutChoices(frame: ModelFrame, isOver: (choice: unknown) => boolean): ModelFrame {
  const events = frame.events.filter((event) => !("choice" in event) || !isOver(event.choice));
  if (frame.raw === undefined) return { ...frame, events };
  const chunk = asFields(JSON.parse(frame.raw)) ?? {};
  const choices = asList(chunk["choices"]).filter((choice) => !isOver(asFields(choice)?.["index"]));
  return { ...frame, events, raw: JSON.stringify({ ...chunk, choices }) };
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
  #weight = 0;
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
      const fresh = this.#fresh(frame);
      if (fresh !== frame) kept ??= batch.slice(0, index);
      if (fresh === undefined) continue;
      for (const event of fresh.events) this.#take(event);
      this.#weigh(fresh);
      if (this.fault !== undefined) return kept ?? batch.slice(0, index);
      kept?.push(fresh);
    }
    return kept ?? batch;
  }

  #weigh({ events, raw, native }: ModelFrame): void {
    let weight = 0;
    for (const event of events) weight += weightOf(event);
    // What is in no event's words: a picture, a sound, a block of another kind.
    const received = native?.data.length ?? raw?.length ?? 0;
    this.#weight += Math.max(weight, received - USUAL_FRAME_CHARS);
    if (this.#weight <= MAX_ANSWER_CHARS) return;
    this.fault = new MillraceError("answer-too-large");
  }

  /** A frame without what comes for a choice that is over; undefined where that is all of it. */
  #fresh(frame: ModelFrame): ModelFrame | undefined {
    if (this.#finished.size === 0 || frame.events.length === 0) return frame;
    let isLate = false;
    let isNews = false;
    for (const event of frame.events) {
      if (event.type === "usage") {
        // The first count of the whole is news, whatever it comes with.
        if (!this.#isFinalUsage) return frame;
        isLate ||= frame.events.length === 1;
      } else if ("choice" in event && event.choice !== undefined && isContent(event)) {
        if (this.#finished.has(event.choice)) isLate = true;
        else isNews = true;
      }
    }
    if (!isLate) return frame;
    return isNews ? withoutChoices(frame, (choice) => this.#finished.has(choice as number)) : undefined;
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
        this.#takeExtra(event);
        return;
      case "choice-extra":
      case "start":
      case "error":
        return;
    }
  }

  #takeExtra({ choice, field }: Extract<ModelEvent, { type: "extra" }>): void {
    if (choice === undefined) return;
    // Notes beside the answer; an answer without them is whole.
    if (field !== "provider_fields") this.unjoinable ??= "other-content";
    this.hasContent = true;
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
