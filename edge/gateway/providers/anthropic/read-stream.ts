import { MillraceError, type ModelEvent, type ModelFrame, type NativeEvent } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { ChunkWriter } from "../native-wire/chunk-writer.ts";
import { endFrames } from "../native-wire/end-of-answer.ts";
import type { StreamTranslator } from "../native-wire/native-frames.ts";
import { parseEvent } from "../native-wire/parse-event.ts";
import { ToolBlocks } from "../native-wire/tool-blocks.ts";
import { type FailureContext, withoutSecret } from "../openai-wire/classify-failure.ts";
import { BlockCollector } from "./collect-blocks.ts";
import { mapErrorEvent } from "./map-failure.ts";
import { mapStopReason } from "./map-stop-reason.ts";
import { ANSWER_MEMBERS, providerFields } from "./provider-fields.ts";
import { readUsage } from "./read-usage.ts";

export interface TranslatorOptions extends FailureContext {
  readonly wantsUsage: boolean;
  readonly answersByTool: boolean;
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
  readonly #tools: ToolBlocks;
  #started = false;
  #usage: Record<string, unknown> = {};
  #members: Record<string, unknown> = {};
  #ended = false;

  constructor(options: TranslatorOptions) {
    this.#options = options;
    this.#writer = new ChunkWriter(options.wantsUsage);
    this.#tools = new ToolBlocks(options.answersByTool);
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
        return this.#tools.open(index, { id: asText(block["id"]), name: asText(block["name"]) });
      default:
        return [];
    }
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
      case "input_json_delta":
        return this.#tools.text(index, asText(delta["partial_json"]) ?? "");
      default:
        return [];
    }
  }

  /** A tool without parameters gets no JSON at all; to OpenAI's clients its arguments are an empty object. */
  #closeBlock(event: Fields): ModelEvent[] {
    const index = indexOf(event);
    return this.#blocks.close(index) === "" ? this.#tools.text(index, "{}") : [];
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
    return endFrames(this.#writer, { fields, reason, rawReason, usage: readUsage(this.#usage) }, native);
  }
}
