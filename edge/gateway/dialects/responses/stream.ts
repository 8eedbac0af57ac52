import {
  type JsonObject,
  type MillraceError,
  type ModelEvent,
  type ModelFrame,
  type ModelResponse,
  type Usage,
} from "@millrace/core/contract";
import type { AnswerSummary } from "../../exchange/answer.ts";
import { AnswerAssembler } from "../../stream/answer-assembler.ts";
import type { StreamTeller } from "../dialect.ts";
import { thoughtsFirst } from "../whole-events.ts";
import { responseErrorOf } from "./errors.ts";
import { toResponseUsage } from "./response-object.ts";
import { type ResponseEvent, ResponseWriter } from "./response-writer.ts";

export interface ResponseStreamOptions {
  readonly traceId: string;
  readonly head: ModelResponse;
  readonly estimate: (summary: AnswerSummary) => Usage | undefined;
  /** Keeps the response, if it is to be kept. @returns whether it is. */
  readonly keep: (response: ModelResponse) => Promise<boolean>;
}

/** A stream in the words of OpenAI's responses. Its last event waits until the response can be asked for again. */
export class ResponseStream implements StreamTeller {
  readonly #options: ResponseStreamOptions;
  readonly #writer: ResponseWriter;
  readonly #assembler = new AnswerAssembler("chat");
  #sequence = 0;
  #begun = false;

  constructor(options: ResponseStreamOptions) {
    this.#options = options;
    this.#writer = new ResponseWriter(options.traceId);
  }

  #text(events: readonly ResponseEvent[]): string {
    return events
      .map(
        (event) => `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: this.#sequence++ })}\n\n`,
      )
      .join("");
  }

  #response(more: Partial<ModelResponse>): ModelResponse {
    const { head } = this.#options;
    return { ...head, model: this.#writer.model ?? head.model, ...more };
  }

  frames(frames: readonly ModelFrame[]): string {
    const events = frames.flatMap((frame) => this.#told(frame.events));
    return this.#text(events);
  }

  #told(events: readonly ModelEvent[]): readonly ResponseEvent[] {
    if (events.length === 0) return [];
    this.#assembler.add([{ events, raw: undefined }]);
    const told = this.#writer.take(thoughtsFirst(events));
    if (this.#begun) return told;
    this.#begun = true;
    const response = this.#response({}) as unknown as JsonObject;
    return [{ type: "response.created", response }, { type: "response.in_progress", response }, ...told];
  }

  /** @throws MillraceError `upstream-garbage` for what cannot be told. */
  async whole(events: readonly ModelEvent[]): Promise<ModelResponse> {
    this.#told(events);
    return this.#finished();
  }

  /** The response as it ended, kept if it can be. */
  async #finished(): Promise<ModelResponse> {
    const { finish, output } = this.#writer;
    const usage = toResponseUsage(
      this.#writer.usage ?? this.#options.estimate({ ...this.#assembler.summary(), usage: undefined }),
    );
    const reason =
      finish === "length" ? "max_output_tokens" : finish === "content_filter" ? "content_filter" : undefined;
    const response = this.#response({
      status: reason === undefined ? "completed" : "incomplete",
      incomplete_details: reason === undefined ? null : { reason },
      output: [...output],
      ...(usage === undefined ? {} : { usage }),
    });
    if (!this.#options.head.store) return response;
    return (await this.#options.keep(response)) ? response : { ...response, store: false };
  }

  fault(error: MillraceError): string {
    const output = this.#writer.output.map((item) =>
      item["status"] === "in_progress" ? { ...item, status: "incomplete" } : item,
    );
    const response = this.#response({ status: "failed", error: responseErrorOf(error), output, store: false });
    return this.#text([{ type: "response.failed", response: response as unknown as JsonObject }]);
  }

  async end(): Promise<string> {
    const response = await this.#finished();
    const type = response.status === "incomplete" ? "response.incomplete" : "response.completed";
    return this.#text([{ type, response: response as unknown as JsonObject }]);
  }
}
