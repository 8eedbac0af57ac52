import {
  type JsonObject,
  type MessageStopReason,
  MillraceError,
  type ModelEvent,
  type Usage,
} from "@millrace/core/contract";
import { isJson } from "../../json/is-json.ts";
import { checkCall } from "../check-call.ts";
import { toStopReason } from "./stop-reason.ts";
import type { ToolNames } from "./tool-names.ts";

export interface WriterOptions {
  /** The answer's own id, `msg_…`. */
  readonly id: string;
  /** Named when the provider names none. */
  readonly model: string;
  readonly names: ToolNames;
  readonly showThinking: boolean;
  /** Estimated: Anthropic's first event has to say how long the request was, and only the last of a stream brings the count. */
  readonly inputTokens: number;
}

type BlockKind = "text" | "thinking" | "tool";

interface ToolCall {
  id: string | undefined;
  name: string | undefined;
  arguments: string;
  /** Characters of `arguments` that were told. */
  told: number;
  state: "waiting" | "open" | "closed";
}

/** One event of Anthropic's stream. */
export type MessageEvent = { readonly type: string } & JsonObject;

/**
 * Turns model events into Anthropic's. Blocks come one after another, never inside each other: calls that a provider sends in turns wait until
 * the one before is whole.
 */
export class MessageWriter {
  readonly #options: WriterOptions;
  readonly #calls = new Map<number, ToolCall>();
  #out: MessageEvent[] = [];
  #started = false;
  #nextBlock = 0;
  #open: BlockKind | undefined;
  #openCall: ToolCall | undefined;
  #refused = false;
  stopReason: MessageStopReason | undefined;
  usage: Usage | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Goes on behind what another wrote: its message has begun, with this many blocks, the last of which may be open. */
  resume(blocks: number, open: "text" | "thinking" | undefined): void {
    this.#started = true;
    this.#nextBlock = blocks;
    this.#open = open;
  }

  /** @throws MillraceError `upstream-garbage` for a finished call whose arguments are not JSON. */
  take(events: readonly ModelEvent[]): MessageEvent[] {
    this.#out = [];
    for (const event of events) this.#take(event);
    return this.#out;
  }

  #take(event: ModelEvent): void {
    if (event.type === "start") return this.#start(event.model);
    if (event.type === "usage") {
      this.usage = event.usage;
      return undefined;
    }
    if (!("choice" in event) || event.choice !== 0) return undefined;
    this.#start(undefined);
    switch (event.type) {
      case "text":
        return this.#text(event.text);
      case "refusal":
        this.#refused ||= event.text !== "";
        return this.#text(event.text);
      case "reasoning":
        return this.#thinking(event.text);
      case "tool-call":
        return this.#toolCall(event);
      case "finish":
        return this.#finish(this.#refused ? "refusal" : toStopReason(event.reason, event.rawReason));
      case "extra":
      case "choice-extra":
        return undefined;
    }
  }

  #start(model: string | undefined): void {
    if (this.#started) return;
    this.#started = true;
    const message = {
      id: this.#options.id,
      type: "message",
      role: "assistant",
      model: model ?? this.#options.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: this.#options.inputTokens,
        // An answer that begins has its first token.
        output_tokens: 1,
        cache_read_input_tokens: null,
        cache_creation_input_tokens: null,
      },
    };
    this.#out.push({ type: "message_start", message }, { type: "ping" });
  }

  #openBlock(kind: BlockKind, block: JsonObject): void {
    this.#closeBlock();
    this.#open = kind;
    this.#out.push({ type: "content_block_start", index: this.#nextBlock++, content_block: block });
  }

  #delta(delta: JsonObject): void {
    this.#out.push({ type: "content_block_delta", index: this.#nextBlock - 1, delta });
  }

  #closeBlock(): void {
    if (this.#open === undefined) return;
    this.#open = undefined;
    if (this.#openCall !== undefined) this.#openCall.state = "closed";
    this.#openCall = undefined;
    this.#out.push({ type: "content_block_stop", index: this.#nextBlock - 1 });
  }

  #text(text: string): void {
    if (text === "") return;
    if (this.#open !== "text") {
      this.#flushCalls();
      this.#openBlock("text", { type: "text", text: "" });
    }
    this.#delta({ type: "text_delta", text });
  }

  #thinking(thinking: string): void {
    if (thinking === "" || !this.#options.showThinking) return;
    if (this.#open !== "thinking") {
      this.#flushCalls();
      this.#openBlock("thinking", { type: "thinking", thinking: "", signature: "" });
    }
    this.#delta({ type: "thinking_delta", thinking });
  }

  #toolCall(event: Extract<ModelEvent, { type: "tool-call" }>): void {
    let call = this.#calls.get(event.index);
    if (call === undefined) {
      call = { id: undefined, name: undefined, arguments: "", told: 0, state: "waiting" };
      this.#calls.set(event.index, call);
    }
    call.id ??= event.id;
    call.name ??= event.name;
    call.arguments += event.argumentsDelta;
    if (call.state === "closed" && event.argumentsDelta.trim() !== "")
      throw new MillraceError("upstream-garbage", {
        message: "The model's server went on with a tool call that it had ended.",
      });
    const current = this.#openCall;
    if (current !== undefined && current !== call && isJson(current.arguments)) this.#closeBlock();
    if (this.#openCall === undefined || this.#openCall === call) this.#tell(call, event.index);
  }

  #tell(call: ToolCall, index: number): void {
    if (call.state === "closed") return;
    if (call.state === "waiting") {
      if (call.name === undefined) return;
      call.state = "open";
      const name = this.#options.names.outward(call.name);
      this.#openBlock("tool", { type: "tool_use", id: call.id ?? `${this.#options.id}_${index}`, name, input: {} });
      this.#openCall = call;
    }
    if (call.told === call.arguments.length) return;
    this.#delta({ type: "input_json_delta", partial_json: call.arguments.slice(call.told) });
    call.told = call.arguments.length;
  }

  /** Tells and ends every call that is not told yet, in the order of their indexes. */
  #flushCalls(): void {
    for (const [index, call] of [...this.#calls].toSorted(([a], [b]) => a - b)) {
      if (call.state === "closed") continue;
      this.#tell(call, index);
      if (this.#openCall === call) this.#closeBlock();
    }
  }

  #finish(reason: MessageStopReason): void {
    this.#flushCalls();
    this.#closeBlock();
    this.stopReason = reason;
    if (reason === "max_tokens") return;
    for (const call of this.#calls.values()) checkCall(call);
  }
}
