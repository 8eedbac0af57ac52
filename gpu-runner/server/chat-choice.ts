import type { FinishReason, JsonObject, TokenLogprob, ToolCall } from "@millrace/core/contract";
import { MillraceError } from "@millrace/core/contract";
import { Validator } from "@cfworker/json-schema";
import { AnswerReader } from "../chat/answer-reader.ts";
import type { TokenReport } from "../engines/engine.ts";

export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: "function";
  readonly function: { readonly name?: string; readonly arguments: string };
}

export interface ChoiceDelta {
  readonly content?: string;
  readonly tool_calls?: readonly ToolCallDelta[];
}

export interface ChatChoiceOptions {
  readonly answer: "text" | "text-or-calls";
  readonly newCallId: () => string;
}

/** One choice of a chat answer while it grows: engine text in, OpenAI deltas out, the whole message at the end. */
export class ChatChoice {
  readonly #reader: AnswerReader;
  readonly #newCallId: () => string;
  readonly #calls: { id: string; name: string; arguments: string }[] = [];
  readonly logprobs: TokenLogprob[] = [];
  #text = "";

  constructor(options: ChatChoiceOptions) {
    this.#reader = new AnswerReader(options.answer);
    this.#newCallId = options.newCallId;
  }

  get text(): string {
    return this.#text;
  }

  push(text: string): ChoiceDelta[] {
    return this.#reader.push(text).map((piece): ChoiceDelta => {
      if (piece.type === "text") {
        this.#text += piece.text;
        return { content: piece.text };
      }
      if (piece.type === "call") {
        const id = this.#newCallId();
        this.#calls.push({ id, name: piece.name, arguments: "" });
        return {
          tool_calls: [{ index: piece.index, id, type: "function", function: { name: piece.name, arguments: "" } }],
        };
      }
      const call = this.#calls[piece.index];
      if (call !== undefined) call.arguments += piece.text;
      return { tool_calls: [{ index: piece.index, function: { arguments: piece.text } }] };
    });
  }

  finishReason(reason: "stop" | "length" | "cancelled"): FinishReason {
    if (reason !== "stop") return "length";
    return this.#calls.length > 0 ? "tool_calls" : "stop";
  }

  message(): { role: "assistant"; content: string | null; refusal: null; tool_calls?: ToolCall[] } {
    if (this.#calls.length === 0) return { role: "assistant", content: this.#text, refusal: null };
    return {
      role: "assistant",
      content: null,
      refusal: null,
      tool_calls: this.#calls.map((call) => ({
        id: call.id,
        type: "function",
        function: { name: call.name, arguments: call.arguments },
      })),
    };
  }
}

export function wireLogprobs(reports: readonly TokenReport[]): TokenLogprob[] {
  return reports.map(({ text, bytes, logprob, top }) => ({
    token: text,
    logprob,
    bytes: [...bytes],
    top_logprobs: top.map((one) => ({ token: one.text, logprob: one.logprob, bytes: [...one.bytes] })),
  }));
}

/** The last word on a JSON answer: the grammar promises it, this proves it. @throws MillraceError `upstream-garbage`. */
export function checkAnswer(text: string, schema: JsonObject): void {
  let fault: string | undefined;
  try {
    const result = new Validator(schema, "2020-12").validate(JSON.parse(text));
    fault = result.valid ? undefined : result.errors.at(-1)?.error;
  } catch (error) {
    fault = error instanceof Error ? error.message : String(error);
  }
  if (fault === undefined) return;
  throw new MillraceError("upstream-garbage", { message: `The answer does not fit the schema: ${fault}` });
}
