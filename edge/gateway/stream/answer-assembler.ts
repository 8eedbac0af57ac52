import type {
  FinishReason,
  JsonObject,
  ModelEvent,
  ModelFrame,
  Surface,
  TokenLogprob,
  Usage,
} from "@millrace/core/contract";
import type { AnswerSummary } from "../exchange/answer.ts";
import { asFields } from "../json/vendor-json.ts";
import { toWireUsage } from "./wire-usage.ts";

interface ToolCallParts {
  id: string | undefined;
  name: string | undefined;
  arguments: string;
  extras: Record<string, unknown>;
}

interface ChoiceParts {
  text: string;
  hasText: boolean;
  refusal: string;
  reasoning: string;
  logprobs: TokenLogprob[] | undefined;
  readonly toolCalls: Map<number, ToolCallParts>;
  readonly extras: Record<string, unknown>;
  /** Beside the message. */
  readonly besides: Record<string, unknown>;
  finish: FinishReason | undefined;
}

function newChoice(): ChoiceParts {
  return {
    text: "",
    hasText: false,
    refusal: "",
    reasoning: "",
    logprobs: undefined,
    toolCalls: new Map(),
    extras: {},
    besides: {},
    finish: undefined,
  };
}

type Start = Extract<ModelEvent, { type: "start" }>;

/** Collects a stream into the answer that the same request would have got in one piece. */
export class AnswerAssembler {
  readonly #surface: Surface;
  readonly #choices = new Map<number, ChoiceParts>();
  readonly #extras: Record<string, unknown> = {};
  #start: Start | undefined;
  #usage: Usage | undefined;
  /** False once a field that nobody here knows came in pieces: how they go together only its client knows. */
  isFaithful = true;

  constructor(surface: Surface) {
    this.#surface = surface;
  }

  add(frames: readonly ModelFrame[]): void {
    for (const frame of frames) for (const event of frame.events) this.#take(event);
  }

  #choice(index: number): ChoiceParts {
    let choice = this.#choices.get(index);
    if (choice === undefined) this.#choices.set(index, (choice = newChoice()));
    return choice;
  }

  #take(event: ModelEvent): void {
    switch (event.type) {
      case "text": {
        const choice = this.#choice(event.choice);
        choice.text += event.text;
        choice.hasText = true;
        if (event.logprobs !== undefined) (choice.logprobs ??= []).push(...event.logprobs);
        return;
      }
      case "refusal":
        this.#choice(event.choice).refusal += event.text;
        return;
      case "reasoning":
        this.#choice(event.choice).reasoning += event.text;
        return;
      case "tool-call":
        this.#takeToolCall(event);
        return;
      case "finish":
        this.#choice(event.choice).finish = event.reason;
        return;
      case "usage":
        this.#usage = event.usage;
        return;
      case "start":
        this.#start = event;
        return;
      case "extra":
        this.#takeExtra(event);
        return;
      case "choice-extra":
        this.#takeBeside(event);
        return;
      case "error":
        return;
    }
  }

  #takeExtra({ choice, field, value }: Extract<ModelEvent, { type: "extra" }>): void {
    this.#put(choice === undefined ? this.#extras : this.#choice(choice).extras, field, value);
  }

  #takeBeside({ choice, field, value }: Extract<ModelEvent, { type: "choice-extra" }>): void {
    const { besides } = this.#choice(choice);
    // Azure's filter says of each piece what it found in it: together they are what it found in all.
    if (field === "content_filter_results") besides[field] = { ...asFields(besides[field]), ...asFields(value) };
    else this.#put(besides, field, value);
  }

  #put(extras: Record<string, unknown>, field: string, value: unknown): void {
    if (Object.hasOwn(extras, field) && JSON.stringify(extras[field]) !== JSON.stringify(value))
      this.isFaithful = false;
    extras[field] = value;
  }

  #takeToolCall(event: Extract<ModelEvent, { type: "tool-call" }>): void {
    const { toolCalls } = this.#choice(event.choice);
    let call = toolCalls.get(event.index);
    if (call === undefined)
      toolCalls.set(event.index, (call = { id: undefined, name: undefined, arguments: "", extras: {} }));
    call.id ??= event.id;
    call.name ??= event.name;
    call.arguments += event.argumentsDelta;
    for (const field in event.extras) this.#put(call.extras, field, event.extras[field]);
  }

  summary(): AnswerSummary {
    const ordered = [...this.#choices].toSorted(([a], [b]) => a - b);
    return {
      response: ordered.length === 0 ? undefined : this.#response(ordered),
      usage: this.#usage,
      finishReasons: ordered.flatMap(([, choice]) => (choice.finish === undefined ? [] : [choice.finish])),
      model: this.#start?.model,
    };
  }

  #response(ordered: readonly (readonly [number, ChoiceParts])[]): JsonObject {
    const chat = this.#surface === "chat";
    const response = {
      id: this.#start?.id ?? "",
      object: chat ? "chat.completion" : "text_completion",
      created: this.#start?.createdSeconds ?? 0,
      model: this.#start?.model ?? "",
      choices: ordered.map(([index, choice]) => (chat ? chatChoice(index, choice) : textChoice(index, choice))),
      ...(this.#usage === undefined ? {} : { usage: toWireUsage(this.#usage) }),
      ...(this.#start?.systemFingerprint === undefined ? {} : { system_fingerprint: this.#start.systemFingerprint }),
      ...this.#extras,
    };
    // Everything in it came out of JSON.
    return response as JsonObject;
  }
}

function textChoice(index: number, choice: ChoiceParts): object {
  return { index, text: choice.text, logprobs: null, ...choice.besides, finish_reason: choice.finish ?? null };
}

function chatChoice(index: number, choice: ChoiceParts): object {
  const toolCalls = [...choice.toolCalls]
    .toSorted(([a], [b]) => a - b)
    .map(([position, call]) => ({
      id: call.id ?? `call_${position}`,
      type: "function",
      ...call.extras,
      function: { ...asFields(call.extras["function"]), name: call.name ?? "", arguments: call.arguments },
    }));
  return {
    index,
    message: {
      role: "assistant",
      content: choice.hasText && (choice.text !== "" || toolCalls.length === 0) ? choice.text : null,
      refusal: choice.refusal === "" ? null : choice.refusal,
      ...(choice.reasoning === "" ? {} : { reasoning_content: choice.reasoning }),
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
      ...choice.extras,
    },
    logprobs: choice.logprobs === undefined ? null : { content: choice.logprobs, refusal: null },
    ...choice.besides,
    finish_reason: choice.finish ?? null,
  };
}
