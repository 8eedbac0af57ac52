import { MillraceError, type ModelEvent, type ModelFrame } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { ChunkWriter } from "../native-wire/chunk-writer.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import type { StreamTranslator } from "../native-wire/native-frames.ts";
import { tierEvent } from "../native-wire/tier-event.ts";
import { parseEvent } from "../native-wire/parse-event.ts";
import { type FailureContext, withoutSecret } from "../openai-wire/classify-failure.ts";
import { mapErrorEvent } from "./map-failure.ts";
import { CandidateReader } from "./read-candidate.ts";
import { readUsage } from "./read-usage.ts";

export interface TranslatorOptions extends FailureContext {
  readonly wantsUsage: boolean;
  readonly choices: number;
  readonly model: string;
}

/**
 * Google's chunks to frames; an answer in one piece is a stream of one chunk. There is no event that ends a stream: an answer is whole when
 * each candidate has said why it ended. Usage grows from chunk to chunk and is told once, behind the last.
 */
export class GeminiTranslator implements StreamTranslator<string> {
  readonly ended = false;
  readonly #options: TranslatorOptions;
  readonly #writer: ChunkWriter;
  readonly #candidates = new Map<number, CandidateReader>();
  #id: string | undefined;
  #usage: Fields = {};

  constructor(options: TranslatorOptions) {
    this.#options = options;
    this.#writer = new ChunkWriter(options.wantsUsage);
  }

  get complete(): boolean {
    const readers = [...this.#candidates.values()];
    return readers.length >= this.#options.choices && readers.every((reader) => reader.finished);
  }

  take(received: string): readonly ModelFrame[] {
    const chunk = parseEvent(withoutSecret(received, this.#options.secret));
    if (asFields(chunk["error"]) !== undefined) throw mapErrorEvent(chunk, this.#options);
    const candidates = listOfFields(chunk["candidates"]);
    if (candidates.length === 0) this.#checkPrompt(chunk);
    this.#usage = { ...this.#usage, ...asFields(chunk["usageMetadata"]) };
    const isAnswer = candidates.length > 0 || chunk["usageMetadata"] !== undefined;
    const frames = isAnswer ? this.#start(chunk) : [];
    const events = candidates.flatMap((candidate) => this.#read(candidate));
    return [...frames, ...this.#framesOf(events)];
  }

  close(): readonly ModelFrame[] {
    const usage = readUsage(this.#usage);
    return usage === undefined ? [] : [this.#writer.usage({ type: "usage", usage })];
  }

  /** The prompt itself was filtered: no candidate will come. */
  #checkPrompt(chunk: Fields): void {
    const reason = asText(asFields(chunk["promptFeedback"])?.["blockReason"]);
    if (reason === undefined) return;
    throw new MillraceError("content-filtered", { message: `Google's filter refused the request (${reason}).` });
  }

  #start(chunk: Fields): ModelFrame[] {
    if (this.#id !== undefined) return [];
    this.#id = asText(chunk["responseId"]) ?? crypto.randomUUID();
    const head = {
      id: this.#id,
      model: asText(chunk["modelVersion"]) ?? this.#options.model,
      createdSeconds: Math.floor(this.#options.nowMs / 1000),
    };
    return [this.#writer.start(head)];
  }

  #read(candidate: Fields): ModelEvent[] {
    const choice = typeof candidate["index"] === "number" ? candidate["index"] : 0;
    let reader = this.#candidates.get(choice);
    if (reader === undefined) this.#candidates.set(choice, (reader = new CandidateReader(choice)));
    return reader.read(candidate, this.#id ?? "");
  }

  /** The finish in a chunk of its own, as OpenAI sends it. */
  #framesOf(events: readonly ModelEvent[]): ModelFrame[] {
    const finish = events.filter(({ type }) => type === "finish");
    const rest = events.filter(({ type }) => type !== "finish");
    const last = finish.length === 0 ? [] : [...tierEvent(readUsage(this.#usage)), ...finish];
    return [rest, last].flatMap((some) => (some.length === 0 ? [] : [this.#writer.frame(some)]));
  }
}
