import type { ModelEvent, ModelFrame } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { type AnswerHead, ChunkWriter } from "../native-wire/chunk-writer.ts";
import { endFrames } from "../native-wire/end-of-answer.ts";
import type { StreamTranslator } from "../native-wire/native-frames.ts";
import { parseEvent } from "../native-wire/parse-event.ts";
import { ToolBlocks } from "../native-wire/tool-blocks.ts";
import { type FailureContext, withoutSecret } from "../openai-wire/classify-failure.ts";
import { BlockCollector } from "./collect-blocks.ts";
import type { StreamMessage } from "./event-stream-decoder.ts";
import { mapException } from "./map-failure.ts";
import { mapStopReason } from "./map-stop-reason.ts";
import { ANSWER_MEMBERS, providerFields } from "./provider-fields.ts";
import { readUsage } from "./read-usage.ts";

export interface TranslatorOptions extends FailureContext {
  readonly head: AnswerHead;
  readonly wantsUsage: boolean;
  readonly answersByTool: boolean;
}

const indexOf = (event: Fields): number =>
  typeof event["contentBlockIndex"] === "number" ? event["contentBlockIndex"] : 0;

/**
 * ConverseStream's events to frames. `messageStop` says why the answer ended; `metadata` follows with its usage and ends the stream.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
 */
export class BedrockTranslator implements StreamTranslator<StreamMessage> {
  readonly #options: TranslatorOptions;
  readonly #writer: ChunkWriter;
  readonly #blocks = new BlockCollector();
  readonly #tools: ToolBlocks;
  readonly #members: Record<string, unknown> = {};
  #stopReason: string | undefined;
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
    return this.#stopReason !== undefined;
  }

  take(message: StreamMessage): readonly ModelFrame[] {
    const kind = message.headers[":message-type"];
    if (kind === "exception" || kind === "error") throw mapException(message, this.#options);
    const event = parseEvent(withoutSecret(message.payload, this.#options.secret));
    switch (message.headers[":event-type"] ?? "") {
      case "messageStart":
        return [this.#writer.start(this.#options.head)];
      case "contentBlockStart":
        return this.#frames(this.#openBlock(event));
      case "contentBlockDelta":
        return this.#frames(this.#delta(event));
      case "contentBlockStop":
        return this.#frames(this.#closeBlock(event));
      case "messageStop":
        this.#note(event);
        this.#stopReason = asText(event["stopReason"]) ?? "";
        return [];
      case "metadata":
        this.#note(event);
        this.#ended = true;
        return [];
      default:
        return [];
    }
  }

  /** Told at the end of the stream: Bedrock's own fields hold the usage, which comes last. */
  close(): readonly ModelFrame[] {
    const rawReason = this.#stopReason ?? "";
    const reason = mapStopReason(rawReason, this.#options.answersByTool);
    const usage = readUsage(asFields(this.#members["usage"]) ?? {});
    const fields = providerFields(this.#blocks.blocks(), this.#members);
    return endFrames(this.#writer, { fields, reason, rawReason, usage });
  }

  #frames(events: readonly ModelEvent[]): readonly ModelFrame[] {
    return events.length === 0 ? [] : [this.#writer.frame(events)];
  }

  #note(event: Fields): void {
    for (const name of ANSWER_MEMBERS) if (event[name] !== undefined) this.#members[name] = event[name];
  }

  #openBlock(event: Fields): ModelEvent[] {
    const tool = asFields(asFields(event["start"])?.["toolUse"]);
    if (tool === undefined) return [];
    const index = indexOf(event);
    this.#blocks.at(index).tool = tool;
    return this.#tools.open(index, { id: asText(tool["toolUseId"]), name: asText(tool["name"]) });
  }

  #delta(event: Fields): ModelEvent[] {
    const delta = asFields(event["delta"]) ?? {};
    const index = indexOf(event);
    this.#blocks.add(index, delta);
    const text = asText(delta["text"]);
    if (text !== undefined) return [{ type: "text", choice: 0, text, logprobs: undefined }];
    const reasoning = asFields(delta["reasoningContent"]);
    if (reasoning !== undefined) return [{ type: "reasoning", choice: 0, text: asText(reasoning["text"]) ?? "" }];
    return this.#tools.text(index, asText(asFields(delta["toolUse"])?.["input"]) ?? "");
  }

  /** A tool without parameters may get no JSON at all; to OpenAI's clients its arguments are an empty object. */
  #closeBlock(event: Fields): ModelEvent[] {
    const index = indexOf(event);
    return this.#blocks.at(index).json === "" ? this.#tools.text(index, "{}") : [];
  }
}
