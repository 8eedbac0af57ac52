import type { ModelEvent, ModelFrame, Usage } from "@millrace/core/contract";
import type { AnswerJoin, UnjoinableContent } from "@millrace/core/routing";
import { asFields, asList, type Fields } from "../../json/vendor-json.ts";
import { toWireUsage } from "../../stream/wire-usage.ts";

/** The head of a stream: all chunks of one answer carry the same. */
export interface StreamHead {
  readonly id: unknown;
  readonly created: unknown;
}

export interface ContinuationOptions {
  readonly head: StreamHead;
  readonly text: AnswerJoin;
  /** Joins the reasoning; undefined where the caller has left it behind, so that no more of it is told. */
  readonly reasoning: AnswerJoin | undefined;
  /** Of the prefill, which the provider counts as input and the caller as output. Tokens, estimated; 0 where the answer is told again as a whole. */
  readonly prefillTokens: number;
}

/** What a client has not got yet of one event; `diverged` when the tellings differ. */
type Fresh = ModelEvent | "nothing" | "diverged";

/** The tokens of the whole answer, whoever wrote which part of it: what the caller's usage says. The attempts say what each was billed for. */
function wholeUsage(usage: Usage, prefillTokens: number): Usage {
  const { inputTokens, outputTokens } = usage;
  if (prefillTokens === 0) return usage;
  return {
    ...usage,
    inputTokens: inputTokens === undefined ? undefined : Math.max(0, inputTokens - prefillTokens),
    outputTokens: outputTokens === undefined ? undefined : outputTokens + prefillTokens,
    source: "estimated",
    estimatedBy: "characters",
  };
}

/**
 * Turns the frames of a second telling into those that the caller lacks, under the head of the first. The model's name in them stays that of
 * the model that wrote them.
 */
export class Continuation {
  readonly #options: ContinuationOptions;
  #reasoning: AnswerJoin | undefined;
  /** What began the telling, until something of it is told. */
  #start: ModelEvent | undefined;
  /** Text and reasoning that the caller has got of this telling. */
  text = "";
  reasoning = "";
  unjoinable: UnjoinableContent | undefined;
  /** The tellings differ. */
  diverged = false;

  constructor(options: ContinuationOptions) {
    this.#options = options;
    this.#reasoning = options.reasoning;
  }

  /** What the caller lacks of a batch; nothing of one in which the tellings part. */
  take(batch: readonly ModelFrame[]): readonly ModelFrame[] {
    const { text, reasoning, unjoinable } = this;
    const out: ModelFrame[] = [];
    for (const frame of batch) {
      this.#takeFrame(frame, out);
      if (!this.diverged) continue;
      Object.assign(this, { text, reasoning, unjoinable });
      return [];
    }
    return out;
  }

  #takeFrame(frame: ModelFrame, out: ModelFrame[]): void {
    const events: ModelEvent[] = [];
    for (const event of frame.events) {
      const before = event.type === "finish" || event.type === "tool-call" ? this.#rest(event.choice) : undefined;
      const fresh = this.diverged ? "diverged" : this.#fresh(event);
      if (fresh === "diverged") {
        this.diverged = true;
        return;
      }
      if (before !== undefined) events.push(before);
      if (fresh !== "nothing") events.push(fresh);
    }
    const start = events.find((event) => event.type === "start");
    if (start !== undefined && events.every((event) => event === start)) {
      this.#start = start;
      return;
    }
    // Who goes on is news for the trace, also where the caller gets nothing of the frame that says so.
    if (this.#start !== undefined && start === undefined) events.unshift(this.#start);
    this.#start = undefined;
    for (const event of events) this.#note(event);
    out.push({ events, raw: frame.raw === undefined ? undefined : this.#rewritten(frame.raw, events) });
  }

  /** What the join kept back, when the telling is over or goes on to something else than text. */
  #rest(choice: number): ModelEvent | undefined {
    const text = this.#options.text.end();
    if (text === undefined) this.diverged = true;
    return text === undefined || text === "" ? undefined : { type: "text", choice, text, logprobs: undefined };
  }

  #fresh(event: ModelEvent): Fresh {
    const { head, prefillTokens } = this.#options;
    switch (event.type) {
      case "text":
      case "refusal":
      case "reasoning":
        return this.#freshWords(event);
      case "start":
        return { ...event, id: typeof head.id === "string" ? head.id : event.id };
      case "usage":
        return { type: "usage", usage: wholeUsage(event.usage, prefillTokens) };
      case "tool-call":
      case "extra":
      case "choice-extra":
      case "finish":
      case "error":
        return event;
    }
  }

  #freshWords(event: Extract<ModelEvent, { type: "text" | "refusal" | "reasoning" }>): Fresh {
    // A refusal in place of the answer that the caller has the beginning of.
    if (event.type === "refusal") return event.text === "" ? "nothing" : "diverged";
    const join = event.type === "text" ? this.#options.text : this.#reasoning;
    const text = join?.take(event.text);
    if (text === undefined && event.type === "text") return "diverged";
    // Thoughts that differ lead to an answer all the same: the caller keeps the ones it has, and gets no others.
    if (text === undefined) this.#reasoning = undefined;
    return text === undefined || text === "" ? "nothing" : { ...event, text };
  }

  #note(event: ModelEvent): void {
    if (event.type === "text") this.text += event.text;
    else if (event.type === "reasoning") this.reasoning += event.text;
    else if (event.type === "tool-call") this.unjoinable ??= "tool-call";
    else if (event.type === "extra" && event.choice !== undefined) this.unjoinable ??= "other-content";
  }

  #rewritten(raw: string, events: readonly ModelEvent[]): string {
    const chunk = asFields(JSON.parse(raw)) ?? {};
    const { id, created } = this.#options.head;
    const usage = events.find((event) => event.type === "usage");
    return JSON.stringify({
      ...chunk,
      ...(id === undefined ? {} : { id }),
      ...(created === undefined ? {} : { created }),
      choices: asList(chunk["choices"]).map((choice) => rewrittenChoice(asFields(choice) ?? {}, events)),
      ...(usage === undefined || !("usage" in chunk) ? {} : { usage: toWireUsage(usage.usage) ?? chunk["usage"] }),
    });
  }
}

function joined(events: readonly ModelEvent[], type: "text" | "reasoning"): string | undefined {
  const texts = events.flatMap((event) => (event.type === type ? [event.text] : []));
  return texts.length === 0 ? undefined : texts.join("");
}

/** A choice of a chunk with what is left of its text; the role was told by the first stream. */
function rewrittenChoice(choice: Fields, events: readonly ModelEvent[]): Fields {
  const text = joined(events, "text");
  if (typeof choice["text"] === "string") return { ...choice, text: text ?? "" };
  const {
    role: _role,
    content: _content,
    reasoning,
    reasoning_content: content,
    ...rest
  } = asFields(choice["delta"]) ?? {};
  const thought = joined(events, "reasoning");
  return {
    ...choice,
    delta: {
      ...rest,
      ...(text === undefined ? {} : { content: text }),
      ...(thought === undefined || reasoning === undefined ? {} : { reasoning: thought }),
      ...(thought === undefined || content === undefined ? {} : { reasoning_content: thought }),
    },
  };
}
