import type { ModelEvent, ModelFrame, NativeEvent } from "@millrace/core/contract";
import { toWireUsage } from "../../stream/wire-usage.ts";

/** What every chunk of an answer repeats. */
export interface AnswerHead {
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
}

interface WireChoice {
  readonly index: number;
  readonly delta: Record<string, unknown>;
  logprobs: unknown;
  finish_reason: string | null;
  [field: string]: unknown;
}

type ChoiceEvent = Extract<ModelEvent, { choice: number | undefined }>;

function addToolCall(delta: Record<string, unknown>, event: Extract<ModelEvent, { type: "tool-call" }>): void {
  const calls = (delta["tool_calls"] ??= []) as object[];
  calls.push({
    index: event.index,
    ...(event.id === undefined ? {} : { id: event.id, type: "function" }),
    function: { ...(event.name === undefined ? {} : { name: event.name }), arguments: event.argumentsDelta },
  });
}

function addTo(choice: WireChoice, event: ChoiceEvent): void {
  const { delta } = choice;
  const append = (field: string, text: string): void => {
    const before = delta[field];
    delta[field] = typeof before === "string" ? before + text : text;
  };
  switch (event.type) {
    case "text":
      append("content", event.text);
      if (event.logprobs !== undefined) choice.logprobs = { content: event.logprobs, refusal: null };
      return;
    case "refusal":
      return append("refusal", event.text);
    case "reasoning":
      return append("reasoning_content", event.text);
    case "tool-call":
      return addToolCall(delta, event);
    case "extra":
      delta[event.field] = event.value;
      return;
    case "choice-extra":
      choice[event.field] = event.value;
      return;
    case "finish":
      choice.finish_reason = event.reason;
  }
}

/** Writes a provider's events as the chunks that OpenAI would have sent. */
export class ChunkWriter {
  readonly #wantsUsage: boolean;
  readonly #begun = new Set<number>();
  #head: AnswerHead = { id: "", model: "", createdSeconds: 0 };

  constructor(wantsUsage: boolean) {
    this.#wantsUsage = wantsUsage;
  }

  /** The first frame: OpenAI's opens with the role. */
  start(head: AnswerHead, native?: NativeEvent): ModelFrame {
    this.#head = head;
    const { id, model, createdSeconds } = head;
    this.#begun.add(0);
    const choice = { index: 0, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null };
    return {
      events: [{ type: "start", id, model, createdSeconds, systemFingerprint: undefined }],
      raw: this.#chunk({ choices: [choice] }),
      ...(native === undefined ? {} : { native }),
    };
  }

  /** One chunk of these events; events that say nothing to the caller make a frame without one. Usage travels apart: see `usage`. */
  frame(events: readonly ModelEvent[], native?: NativeEvent): ModelFrame {
    const choices = new Map<number, WireChoice>();
    const rest: Record<string, unknown> = {};
    for (const event of events) {
      if (event.type === "extra" && event.choice === undefined) rest[event.field] = event.value;
      if (!("choice" in event) || event.choice === undefined) continue;
      addTo(this.#choice(choices, event.choice), event);
    }
    const says = choices.size > 0 || Object.keys(rest).length > 0;
    return {
      events,
      raw: says ? this.#chunk({ ...rest, choices: [...choices.values()] }) : undefined,
      ...(native === undefined ? {} : { native }),
    };
  }

  /** The chunk behind the answer that holds its usage; the caller sees it only when asked for. */
  usage(event: Extract<ModelEvent, { type: "usage" }>): ModelFrame {
    const usage = toWireUsage(event.usage);
    return {
      events: [event],
      raw: this.#wantsUsage && usage !== undefined ? this.#chunk({ choices: [], usage }) : undefined,
    };
  }

  #choice(choices: Map<number, WireChoice>, index: number): WireChoice {
    let choice = choices.get(index);
    if (choice === undefined) {
      const delta = this.#begun.has(index) ? {} : { role: "assistant" };
      this.#begun.add(index);
      choices.set(index, (choice = { index, delta, logprobs: null, finish_reason: null }));
    }
    return choice;
  }

  #chunk(members: object): string {
    const { id, model, createdSeconds: created } = this.#head;
    return JSON.stringify({ id, object: "chat.completion.chunk", created, model, ...members });
  }
}
