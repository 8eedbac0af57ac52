import { MillraceError, type ModelEvent, type ModelFrame } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { type AnswerHead, ChunkWriter } from "../native-wire/chunk-writer.ts";
import { JSON_TOOL } from "../native-wire/json-tool.ts";
import type { StreamTranslator } from "../native-wire/native-frames.ts";
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

function parse(payload: string): Fields {
  try {
    const fields = asFields(JSON.parse(payload));
    if (fields !== undefined) return fields;
  } catch {
    // A corrupt event is a fault, not one to skip: what it said is missing from the answer.
  }
  throw new MillraceError("upstream-garbage", { message: "The model's stream held an event that is not JSON." });
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
  /** Index of the block → index of the tool call; undefined for the tool whose input is the answer. */
  readonly #tools = new Map<number, number | undefined>();
  readonly #members: Record<string, unknown> = {};
  #calls = 0;
  #stopReason: string | undefined;
  #ended = false;

  constructor(options: TranslatorOptions) {
    this.#options = options;
    this.#writer = new ChunkWriter(options.wantsUsage);
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
    const event = parse(withoutSecret(message.payload, this.#options.secret));
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
    return [
      this.#writer.frame([providerFields(this.#blocks.blocks(), this.#members)]),
      this.#writer.frame([{ type: "finish", choice: 0, reason, rawReason }]),
      ...(usage === undefined ? [] : [this.#writer.usage({ type: "usage", usage })]),
    ];
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
    if (this.#options.answersByTool && tool["name"] === JSON_TOOL) {
      this.#tools.set(index, undefined);
      return [{ type: "text", choice: 0, text: "", logprobs: undefined }];
    }
    const call = this.#calls++;
    this.#tools.set(index, call);
    const [id, name] = [asText(tool["toolUseId"]), asText(tool["name"])];
    return [{ type: "tool-call", choice: 0, index: call, id, name, argumentsDelta: "" }];
  }

  #toolText(index: number, text: string): ModelEvent[] {
    if (!this.#tools.has(index) || text === "") return [];
    const call = this.#tools.get(index);
    if (call === undefined) return [{ type: "text", choice: 0, text, logprobs: undefined }];
    return [{ type: "tool-call", choice: 0, index: call, id: undefined, name: undefined, argumentsDelta: text }];
  }

  #delta(event: Fields): ModelEvent[] {
    const delta = asFields(event["delta"]) ?? {};
    const index = indexOf(event);
    this.#blocks.add(index, delta);
    const text = asText(delta["text"]);
    if (text !== undefined) return [{ type: "text", choice: 0, text, logprobs: undefined }];
    const reasoning = asFields(delta["reasoningContent"]);
    if (reasoning !== undefined) return [{ type: "reasoning", choice: 0, text: asText(reasoning["text"]) ?? "" }];
    return this.#toolText(index, asText(asFields(delta["toolUse"])?.["input"]) ?? "");
  }

  /** A tool without parameters may get no JSON at all; to OpenAI's clients its arguments are an empty object. */
  #closeBlock(event: Fields): ModelEvent[] {
    const index = indexOf(event);
    return this.#blocks.at(index).json === "" ? this.#toolText(index, "{}") : [];
  }
}
