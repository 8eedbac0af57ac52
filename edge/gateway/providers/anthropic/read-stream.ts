import { MillraceError, type ModelEvent, type ModelFrame, type NativeEvent } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { ChunkWriter } from "../native-wire/chunk-writer.ts";
import type { StreamTranslator } from "../native-wire/native-frames.ts";
import { tierEvent } from "../native-wire/tier-event.ts";
import { type FailureContext, withoutSecret } from "../openai-wire/classify-failure.ts";
import { BlockCollector } from "./collect-blocks.ts";
import { JSON_TOOL } from "../native-wire/json-tool.ts";
import { mapErrorEvent } from "./map-failure.ts";
import { mapStopReason } from "./map-stop-reason.ts";
import { ANSWER_MEMBERS, providerFields } from "./provider-fields.ts";
import { readUsage } from "./read-usage.ts";

export interface TranslatorOptions extends FailureContext {
  readonly wantsUsage: boolean;
  readonly answersByTool: boolean;
}

function parseEvent(data: string): Fields {
  try {
    const event = asFields(JSON.parse(data));
    if (event !== undefined) return event;
  } catch {
    // A corrupt event is a fault, not a line to skip: what it said is missing from the answer.
  }
  throw new MillraceError("upstream-garbage", { message: "The model's stream held an event that is not JSON." });
}

const indexOf = (event: Fields): number => (typeof event["index"] === "number" ? event["index"] : 0);

/**
 * Anthropic's events to frames. Each frame keeps its event as `native`. The finish reason is told with `message_stop`, because an answer
 * that is cut before it is not whole. https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export class AnthropicTranslator implements StreamTranslator<string> {
  readonly #options: TranslatorOptions;
  readonly #writer: ChunkWriter;
  readonly #blocks = new BlockCollector();
  /** Index of the block → index of the tool call; undefined for the tool whose input is the answer. */
  readonly #tools = new Map<number, number | undefined>();
  #calls = 0;
  #started = false;
  #usage: Record<string, unknown> = {};
  #members: Record<string, unknown> = {};
  #ended = false;

  constructor(options: TranslatorOptions) {
    this.#options = options;
    this.#writer = new ChunkWriter(options.wantsUsage);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get complete(): boolean {
    return this.#ended;
  }

  take(received: string): readonly ModelFrame[] {
    const data = withoutSecret(received, this.#options.secret);
    const event = parseEvent(data);
    const type = asText(event["type"]) ?? "";
    const native: NativeEvent = { dialect: "anthropic", event: type, data };
    switch (type) {
      case "message_start":
        return [this.#start(event, native)];
      case "content_block_start":
        return [this.#writer.frame(this.#openBlock(event), native)];
      case "content_block_delta":
        return [this.#writer.frame(this.#delta(event), native)];
      case "content_block_stop":
        return [this.#writer.frame(this.#closeBlock(event), native)];
      case "message_delta":
        this.#note(event);
        return [{ events: [], raw: undefined, native }];
      case "message_stop":
        return this.#finish(native);
      case "error":
        throw mapErrorEvent(event, this.#options);
      default:
        return [{ events: [], raw: undefined, native }];
    }
  }

  #start(event: Fields, native: NativeEvent): ModelFrame {
    const message = asFields(event["message"]) ?? {};
    this.#usage = { ...asFields(message["usage"]) };
    if (this.#started) return { events: [], raw: undefined, native };
    this.#started = true;
    const createdSeconds = Math.floor(this.#options.nowMs / 1000);
    return this.#writer.start(
      { id: asText(message["id"]) ?? "", model: asText(message["model"]) ?? "", createdSeconds },
      native,
    );
  }

  #openBlock(event: Fields): ModelEvent[] {
    const block = asFields(event["content_block"]) ?? {};
    const index = indexOf(event);
    this.#blocks.open(index, block);
    switch (block["type"]) {
      case "text":
        return [{ type: "text", choice: 0, text: asText(block["text"]) ?? "", logprobs: undefined }];
      case "thinking":
      case "redacted_thinking":
        // Said even where the thought itself is withheld: the model is at work.
        return [{ type: "reasoning", choice: 0, text: asText(block["thinking"]) ?? "" }];
      case "tool_use":
        return this.#openTool(index, block);
      default:
        return [];
    }
  }

  #openTool(index: number, block: Fields): ModelEvent[] {
    if (this.#options.answersByTool && block["name"] === JSON_TOOL) {
      this.#tools.set(index, undefined);
      return [{ type: "text", choice: 0, text: "", logprobs: undefined }];
    }
    const call = this.#calls++;
    this.#tools.set(index, call);
    const [id, name] = [asText(block["id"]), asText(block["name"])];
    return [{ type: "tool-call", choice: 0, index: call, id, name, argumentsDelta: "" }];
  }

  #toolText(index: number, text: string): ModelEvent[] {
    if (!this.#tools.has(index)) return [];
    const call = this.#tools.get(index);
    if (call === undefined) return [{ type: "text", choice: 0, text, logprobs: undefined }];
    return [{ type: "tool-call", choice: 0, index: call, id: undefined, name: undefined, argumentsDelta: text }];
  }

  #delta(event: Fields): ModelEvent[] {
    const delta = asFields(event["delta"]) ?? {};
    const index = indexOf(event);
    this.#blocks.add(index, delta);
    switch (delta["type"]) {
      case "text_delta":
        return [{ type: "text", choice: 0, text: asText(delta["text"]) ?? "", logprobs: undefined }];
      case "thinking_delta":
        return [{ type: "reasoning", choice: 0, text: asText(delta["thinking"]) ?? "" }];
      case "input_json_delta": {
        const text = asText(delta["partial_json"]) ?? "";
        return text === "" ? [] : this.#toolText(index, text);
      }
      default:
        return [];
    }
  }

  /** A tool without parameters gets no JSON at all; to OpenAI's clients its arguments are an empty object. */
  #closeBlock(event: Fields): ModelEvent[] {
    const index = indexOf(event);
    return this.#blocks.close(index) === "" ? this.#toolText(index, "{}") : [];
  }

  /** `message_delta`: counts are cumulative, and those that it repeats replace what `message_start` said. */
  #note(event: Fields): void {
    const usage = asFields(event["usage"]) ?? {};
    for (const name in usage) if (usage[name] !== null) this.#usage[name] = usage[name];
    const delta = asFields(event["delta"]) ?? {};
    for (const name of ANSWER_MEMBERS) {
      const value = delta[name] ?? event[name];
      if (value !== null && value !== undefined) this.#members[name] = value;
    }
  }

  #finish(native: NativeEvent): readonly ModelFrame[] {
    const rawReason = asText(this.#members["stop_reason"]);
    if (rawReason === undefined) throw new MillraceError("upstream-truncated");
    this.#ended = true;
    const content = this.#blocks.blocks();
    const fields = providerFields({ content, members: { ...this.#members, usage: this.#usage } });
    const reason = mapStopReason(rawReason, this.#options.answersByTool);
    const usage = readUsage(this.#usage);
    return [
      this.#writer.frame([fields], native),
      this.#writer.frame([...tierEvent(usage), { type: "finish", choice: 0, reason, rawReason }]),
      ...(usage === undefined ? [] : [this.#writer.usage({ type: "usage", usage })]),
    ];
  }
}
