import {
  type FinishReason,
  type JsonObject,
  type JsonValue,
  type ModelEvent,
  type Usage,
} from "@millrace/core/contract";
import { checkCall } from "../check-call.ts";
import { itemIdOf } from "./item-ids.ts";

/** One event of a response's stream, before it is numbered. */
export type ResponseEvent = { readonly type: string } & JsonObject;

interface OpenItem {
  readonly outputIndex: number;
  readonly id: string;
}
interface OpenPart extends OpenItem {
  readonly kind: "text" | "refusal" | "reasoning";
  /** The parts of the message before this one. */
  readonly earlier: JsonObject[];
  text: string;
  logprobs: JsonValue[];
}
interface Call {
  item: OpenItem | undefined;
  id: string | undefined;
  name: string | undefined;
  arguments: string;
  told: number;
}

/** Turns model events into the events and the output items of a response, in OpenAI's order. */
export class ResponseWriter {
  readonly #traceId: string;
  readonly #calls = new Map<number, Call>();
  readonly #output: JsonObject[] = [];
  #out: ResponseEvent[] = [];
  #part: OpenPart | undefined;
  model: string | undefined;
  finish: FinishReason | undefined;
  usage: Usage | undefined;

  constructor(traceId: string) {
    this.#traceId = traceId;
  }

  /** Items as far as they are known; one that is not over has no status of an item that is. */
  get output(): readonly JsonObject[] {
    return this.#output;
  }

  /** @throws MillraceError `upstream-garbage` for a finished call whose arguments are not JSON. */
  take(events: readonly ModelEvent[]): ResponseEvent[] {
    this.#out = [];
    for (const event of events) this.#take(event);
    return this.#out;
  }

  #take(event: ModelEvent): void {
    if (event.type === "start") {
      this.model ??= event.model;
      return undefined;
    }
    if (event.type === "usage") {
      this.usage = event.usage;
      return undefined;
    }
    if (!("choice" in event) || event.choice !== 0) return undefined;
    switch (event.type) {
      case "text":
        return this.#say("text", event.text, (event.logprobs ?? []) as unknown as JsonValue[]);
      case "refusal":
        return this.#say("refusal", event.text, []);
      case "reasoning":
        return this.#say("reasoning", event.text, []);
      case "tool-call":
        return this.#toolCall(event);
      case "finish":
        return this.#finish(event.reason);
      case "extra":
      case "choice-extra":
        return undefined;
    }
  }

  #openItem(item: JsonObject, type: string): OpenItem {
    const outputIndex = this.#output.length;
    const id = itemIdOf(this.#traceId, type, { part: "o", index: outputIndex });
    const opened = { id, ...item };
    this.#output.push(opened);
    this.#out.push({ type: "response.output_item.added", output_index: outputIndex, item: opened });
    return { outputIndex, id };
  }

  #closeItem(at: OpenItem, item: JsonObject): void {
    this.#output[at.outputIndex] = item;
    this.#out.push({ type: "response.output_item.done", output_index: at.outputIndex, item });
  }

  #say(kind: OpenPart["kind"], text: string, logprobs: JsonValue[]): void {
    if (text === "") return;
    if (this.#part?.kind !== kind) this.#openPart(kind);
    const part = this.#part;
    if (part === undefined) return;
    part.text += text;
    part.logprobs.push(...logprobs);
    const at = this.#place(part);
    if (kind === "text") this.#out.push({ type: "response.output_text.delta", ...at, delta: text, logprobs });
    else if (kind === "refusal") this.#out.push({ type: "response.refusal.delta", ...at, delta: text });
    else this.#out.push({ type: "response.reasoning_summary_text.delta", ...at, delta: text });
  }

  #place(part: OpenPart): JsonObject {
    const at = { item_id: part.id, output_index: part.outputIndex };
    return part.kind === "reasoning" ? { ...at, summary_index: 0 } : { ...at, content_index: part.earlier.length };
  }

  #openPart(kind: OpenPart["kind"]): void {
    this.#closeCalls("completed");
    const before = this.#part;
    // A refusal that follows words is a part of the same message.
    const sameMessage = before !== undefined && before.kind !== "reasoning" && kind !== "reasoning";
    const earlier = sameMessage ? [...before.earlier, this.#closePart(before)] : [];
    if (before !== undefined && !sameMessage) this.#closeOpen("completed");
    let item: OpenItem;
    if (sameMessage) item = { id: before.id, outputIndex: before.outputIndex };
    else if (kind === "reasoning") item = this.#openItem({ type: "reasoning", summary: [] }, "reasoning");
    else item = this.#openItem({ type: "message", status: "in_progress", role: "assistant", content: [] }, "message");
    this.#part = { ...item, kind, earlier, text: "", logprobs: [] };
    const type = kind === "reasoning" ? "response.reasoning_summary_part.added" : "response.content_part.added";
    this.#out.push({ type, ...this.#place(this.#part), part: partOf(this.#part) });
  }

  /** Ends a part; @returns it whole. */
  #closePart(part: OpenPart): JsonObject {
    const at = this.#place(part);
    const whole = partOf(part);
    if (part.kind === "text")
      this.#out.push({ type: "response.output_text.done", ...at, text: part.text, logprobs: part.logprobs });
    else if (part.kind === "refusal") this.#out.push({ type: "response.refusal.done", ...at, refusal: part.text });
    else this.#out.push({ type: "response.reasoning_summary_text.done", ...at, text: part.text });
    const done = part.kind === "reasoning" ? "response.reasoning_summary_part.done" : "response.content_part.done";
    this.#out.push({ type: done, ...at, part: whole });
    return whole;
  }

  /** Ends the open message or thought. */
  #closeOpen(status: "completed" | "incomplete"): void {
    const part = this.#part;
    if (part === undefined) return;
    this.#part = undefined;
    const whole = this.#closePart(part);
    if (part.kind === "reasoning") this.#closeItem(part, { id: part.id, type: "reasoning", summary: [whole] });
    else {
      const content = [...part.earlier, whole];
      this.#closeItem(part, { id: part.id, type: "message", status, role: "assistant", content });
    }
  }

  #toolCall(event: Extract<ModelEvent, { type: "tool-call" }>): void {
    this.#closeOpen("completed");
    let call = this.#calls.get(event.index);
    if (call === undefined) {
      call = { item: undefined, id: undefined, name: undefined, arguments: "", told: 0 };
      this.#calls.set(event.index, call);
    }
    call.id ??= event.id;
    call.name ??= event.name;
    call.arguments += event.argumentsDelta;
    if (call.name === undefined) return;
    call.item ??= this.#openItem(
      this.#callItem(event.index, { ...call, arguments: "" }, "in_progress"),
      "function_call",
    );
    if (call.told === call.arguments.length) return;
    const at = { item_id: call.item.id, output_index: call.item.outputIndex };
    const delta = call.arguments.slice(call.told);
    this.#out.push({ type: "response.function_call_arguments.delta", ...at, delta });
    call.told = call.arguments.length;
  }

  #callItem(index: number, call: Call, status: string): JsonObject {
    const callId = call.id ?? `call_${this.#traceId.slice(-12)}_${index}`;
    return { type: "function_call", status, call_id: callId, name: call.name ?? "", arguments: call.arguments };
  }

  /** Ends all calls that are under way. One that a provider goes on with afterwards is a new one. */
  #closeCalls(status: "completed" | "incomplete"): void {
    for (const [index, call] of this.#calls) {
      if (status === "completed") checkCall(call);
      if (call.item === undefined) continue;
      const at = { item_id: call.item.id, output_index: call.item.outputIndex };
      const { name, arguments: text } = call;
      this.#out.push({ type: "response.function_call_arguments.done", ...at, name: name ?? "", arguments: text });
      this.#closeItem(call.item, { id: call.item.id, ...this.#callItem(index, call, status) });
    }
    this.#calls.clear();
  }

  #finish(reason: FinishReason): void {
    const status = reason === "length" || reason === "content_filter" ? "incomplete" : "completed";
    this.#closeOpen(status);
    this.#closeCalls(status);
    this.finish = reason;
  }
}

function partOf(part: OpenPart): JsonObject {
  switch (part.kind) {
    case "text":
      return { type: "output_text", text: part.text, annotations: [], logprobs: [...part.logprobs] };
    case "refusal":
      return { type: "refusal", refusal: part.text };
    case "reasoning":
      return { type: "summary_text", text: part.text };
  }
}
