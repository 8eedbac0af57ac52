import { MillraceError, type ModelEvent, type ModelFrame } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { ChunkWriter } from "../native-wire/chunk-writer.ts";
import { endFrames } from "../native-wire/end-of-answer.ts";
import type { StreamTranslator } from "../native-wire/native-frames.ts";
import { parseEvent } from "../native-wire/parse-event.ts";
import { type FailureContext, withoutSecret } from "../openai-wire/classify-failure.ts";
import { mapFailure } from "./map-failure.ts";
import { mapFinishReason } from "./map-finish-reason.ts";
import { providerFields } from "./provider-fields.ts";
import { readUsage } from "./read-usage.ts";

export interface TranslatorOptions extends FailureContext {
  readonly model: string;
  readonly wantsUsage: boolean;
}

const DONE = "[DONE]";

const indexOf = (event: Fields): number => (typeof event["index"] === "number" ? event["index"] : 0);

/** Cohere's v2 events to frames. https://docs.cohere.com/v2/docs/streaming */
export class CohereTranslator implements StreamTranslator<string> {
  readonly #options: TranslatorOptions;
  readonly #writer: ChunkWriter;
  readonly #content = new Map<number, Record<string, string>>();
  readonly #citations: unknown[] = [];
  readonly #logprobs: unknown[] = [];
  /** Cohere's index of a call → ours; and whether arguments came. */
  readonly #calls = new Map<number, { readonly index: number; told: boolean }>();
  #plan = "";
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
    if (received === DONE) return [];
    const event = parseEvent(withoutSecret(received, this.#options.secret));
    const type = asText(event["type"]);
    const delta = asFields(event["delta"]) ?? {};
    if (type === undefined) this.#checkError(event);
    if (type === "message-start") {
      const createdSeconds = Math.floor(this.#options.nowMs / 1000);
      return [this.#writer.start({ id: asText(event["id"]) ?? "", model: this.#options.model, createdSeconds })];
    }
    if (type === "message-end") return this.#finish(delta);
    const events = this.#events(type ?? "", event, asFields(delta["message"]) ?? {});
    return events.length === 0 ? [] : [this.#writer.frame(events)];
  }

  /** An error inside a stream that had begun has a message and no type. */
  #checkError(event: Fields): void {
    if (asText(event["message"]) === undefined) return;
    const status = typeof event["status_code"] === "number" ? event["status_code"] : 500;
    throw mapFailure({ status, retryAfter: undefined, body: JSON.stringify(event) }, this.#options);
  }

  #events(type: string, event: Fields, message: Fields): ModelEvent[] {
    switch (type) {
      case "content-start":
      case "content-delta":
        if (event["logprobs"] !== undefined) this.#logprobs.push(event["logprobs"]);
        return this.#text(indexOf(event), asFields(message["content"]) ?? {});
      case "tool-plan-delta": {
        const text = asText(message["tool_plan"]) ?? "";
        this.#plan += text;
        return [{ type: "reasoning", choice: 0, text }];
      }
      case "tool-call-start":
      case "tool-call-delta":
      case "tool-call-end":
        return this.#call(type, indexOf(event), asFields(message["tool_calls"]) ?? {});
      case "citation-start":
        this.#citations.push(message["citations"]);
        return [];
      default:
        return [];
    }
  }

  #text(index: number, content: Fields): ModelEvent[] {
    const [text, thought] = [asText(content["text"]), asText(content["thinking"])];
    const field = thought === undefined ? "text" : "thinking";
    const told = thought ?? text;
    if (told === undefined) return [];
    const kept = this.#content.get(index) ?? { type: field, [field]: "" };
    this.#content.set(index, { ...kept, [field]: (kept[field] ?? "") + told });
    return [
      thought === undefined
        ? { type: "text", choice: 0, text: told, logprobs: undefined }
        : { type: "reasoning", choice: 0, text: told },
    ];
  }

  #call(type: string, at: number, call: Fields): ModelEvent[] {
    if (type === "tool-call-start") return this.#openCall(at, call);
    if (type === "tool-call-delta") return this.#callText(at, asText(asFields(call["function"])?.["arguments"]));
    // A tool without parameters may get no JSON at all; to OpenAI's clients its arguments are an empty object.
    return this.#calls.get(at)?.told === false ? this.#callText(at, "{}") : [];
  }

  #openCall(at: number, call: Fields): ModelEvent[] {
    const index = this.#calls.size;
    const target = asFields(call["function"]);
    const text = asText(target?.["arguments"]) ?? "";
    this.#calls.set(at, { index, told: text !== "" });
    const [id, name] = [asText(call["id"]), asText(target?.["name"])];
    return [{ type: "tool-call", choice: 0, index, id, name, argumentsDelta: text }];
  }

  #callText(at: number, text: string | undefined): ModelEvent[] {
    const call = this.#calls.get(at);
    if (call === undefined || text === undefined || text === "") return [];
    call.told = true;
    return [{ type: "tool-call", choice: 0, index: call.index, id: undefined, name: undefined, argumentsDelta: text }];
  }

  #finish(delta: Fields): readonly ModelFrame[] {
    const rawReason = asText(delta["finish_reason"]);
    if (rawReason === undefined) throw new MillraceError("upstream-truncated");
    const reason = mapFinishReason(rawReason);
    this.#ended = true;
    const usage = readUsage(asFields(delta["usage"]) ?? {});
    const content = [...this.#content].toSorted(([a], [b]) => a - b).map(([, item]) => item);
    const members = {
      finish_reason: rawReason,
      tool_plan: this.#plan,
      citations: this.#citations,
      logprobs: this.#logprobs,
      usage: delta["usage"],
    };
    return endFrames(this.#writer, { fields: providerFields(content, members), reason, rawReason, usage });
  }
}
