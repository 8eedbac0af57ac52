import type { AnswerSummary } from "../../exchange/answer.ts";
import type { JsonObject, MillraceError, ModelEvent, ModelFrame, NativeEvent, Usage } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";
import { AnswerAssembler } from "../../stream/answer-assembler.ts";
import type { StreamTeller } from "../dialect.ts";
import { thoughtsFirst } from "../whole-events.ts";
import { renderAnthropicError } from "./errors.ts";
import { type MessageEvent, MessageWriter, type WriterOptions } from "./message-writer.ts";
import { toMessageUsage } from "./usage.ts";

export interface MessageStreamOptions extends WriterOptions {
  readonly traceId: string;
  /** Whether the target may have been asked in the caller's own words: only then are its own words the answer. */
  readonly askedNatively: boolean;
  /** For an answer whose provider counted nothing. */
  readonly estimate: (summary: AnswerSummary) => Usage | undefined;
}

/** An event as a stream holds it. */
export function eventText(event: MessageEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/**
 * A stream in Anthropic's words. A provider that speaks them itself is passed on as it came, until something else goes on in its place
 * (another provider after a fault): from there on the events are ours, behind the blocks that it had begun.
 */
export class MessageStream implements StreamTeller {
  readonly #options: MessageStreamOptions;
  readonly #writer: MessageWriter;
  readonly #assembler = new AnswerAssembler("chat");
  #mode: "undecided" | "native" | "told" = "undecided";
  #nativeStarted = false;
  #nativeBlocks = 0;
  #nativeOpen: "text" | "thinking" | undefined;
  /** The provider's own last word, held back until the answer is recorded. */
  #nativeStop: string | undefined;

  constructor(options: MessageStreamOptions) {
    this.#options = options;
    this.#writer = new MessageWriter(options);
    if (!options.askedNatively) this.#mode = "told";
  }

  frames(frames: readonly ModelFrame[]): string {
    let text = "";
    for (const frame of frames) text += this.#frame(frame);
    return text;
  }

  #frame(frame: ModelFrame): string {
    const { native } = frame;
    if (this.#mode === "undecided") this.#mode = native === undefined ? "told" : "native";
    if (this.#mode === "native") {
      // What follows its last word is the same answer's end in the pipeline's words.
      if (this.#nativeStop !== undefined) return "";
      const restarted = native?.event === "message_start" && this.#nativeStarted;
      if (native !== undefined && !restarted) return this.#native(native);
      // Nothing to say is no change of voice.
      if (native === undefined && frame.events.length === 0) return "";
      this.#mode = "told";
      this.#writer.resume(this.#nativeBlocks, this.#nativeOpen);
    }
    return this.told(frame.events).map(eventText).join("");
  }

  /** The events that tell these. @throws MillraceError `upstream-garbage` for what cannot be told. */
  told(events: readonly ModelEvent[]): MessageEvent[] {
    this.#assembler.add([{ events, raw: undefined }]);
    return this.#writer.take(thoughtsFirst(events));
  }

  #native(event: NativeEvent): string {
    const text = `event: ${event.event}\ndata: ${event.data}\n\n`;
    switch (event.event) {
      case "message_start":
        this.#nativeStarted = true;
        return text;
      case "content_block_start": {
        const block = asFields(asFields(JSON.parse(event.data))?.["content_block"]);
        this.#nativeBlocks++;
        this.#nativeOpen = block?.["type"] === "text" || block?.["type"] === "thinking" ? block["type"] : undefined;
        return text;
      }
      case "content_block_stop":
        this.#nativeOpen = undefined;
        return text;
      case "message_stop":
        this.#nativeStop = text;
        return "";
      default:
        return text;
    }
  }

  fault(error: MillraceError): string {
    return `event: error\ndata: ${JSON.stringify(renderAnthropicError(error, this.#options.traceId))}\n\n`;
  }

  /** The last events of a told answer. */
  ending(): MessageEvent[] {
    const { stopReason, usage } = this.#writer;
    const told =
      toMessageUsage(usage) ?? toMessageUsage(this.#options.estimate({ ...this.#assembler.summary(), usage })) ?? {};
    const delta: JsonObject = { stop_reason: stopReason ?? null, stop_sequence: null };
    return [{ type: "message_delta", delta, usage: told as JsonObject }, { type: "message_stop" }];
  }

  end(): string {
    if (this.#mode === "native") return this.#nativeStop ?? eventText({ type: "message_stop" });
    return this.ending().map(eventText).join("");
  }
}
