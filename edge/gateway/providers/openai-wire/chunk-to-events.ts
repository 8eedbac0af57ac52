import type { ModelEvent, TokenLogprob } from "@millrace/core/contract";
import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";
import { isInterrupted, mapFinishReason } from "./map-finish-reason.ts";
import { readUsage } from "./read-usage.ts";

function readLogprobs(value: unknown): readonly TokenLogprob[] | undefined {
  const content = asFields(value)?.["content"];
  // The shape is the vendor's word; it is passed on and stored, never computed with.
  return Array.isArray(content) ? (content as TokenLogprob[]) : undefined;
}

/** Members that are more than a call's own; undefined = there are none. */
function extrasOf(call: Fields, target: Fields | undefined): Fields | undefined {
  const { index: _index, id: _id, type: _type, function: _function, ...extras } = call;
  const { name: _name, arguments: _arguments, ...ofFunction } = target ?? {};
  const all = Object.keys(ofFunction).length === 0 ? extras : { ...extras, function: ofFunction };
  return Object.keys(all).length === 0 ? undefined : all;
}

function readToolCalls(calls: readonly unknown[], choice: number, into: ModelEvent[]): void {
  for (const [position, value] of calls.entries()) {
    const call = asFields(value);
    if (call === undefined) continue;
    const target = asFields(call["function"]);
    const extras = extrasOf(call, target);
    into.push({
      type: "tool-call",
      choice,
      index: typeof call["index"] === "number" ? call["index"] : position,
      id: asText(call["id"]),
      name: asText(target?.["name"]),
      argumentsDelta: asText(target?.["arguments"]) ?? "",
      ...(extras === undefined ? {} : { extras }),
    });
  }
}

/** Content in parts, as Mistral's thinking models send it: `{type: "text", text}` and `{type: "thinking", thinking: [{text}]}`. */
function readParts(parts: readonly unknown[], choice: number, into: ModelEvent[]): void {
  for (const value of parts) {
    const part = asFields(value);
    const text = asText(part?.["text"]);
    if (part?.["type"] === "text" && text !== undefined) into.push({ type: "text", choice, text, logprobs: undefined });
    else if (part?.["type"] === "thinking") {
      const thoughts = asList(part["thinking"]).map((thought) => asText(asFields(thought)?.["text"]) ?? "");
      into.push({ type: "reasoning", choice, text: thoughts.join("") });
    } else into.push({ type: "extra", choice, field: "content", value });
  }
}

/** Words of a kind of their own; false for a field that is none. */
function readWords(
  field: string,
  value: string,
  of: { readonly delta: Fields; readonly choice: number; readonly into: ModelEvent[] },
): boolean {
  const { delta, choice, into } = of;
  switch (field) {
    case "refusal":
      into.push({ type: "refusal", choice, text: value });
      return true;
    case "reasoning":
      into.push({ type: "reasoning", choice, text: value });
      return true;
    case "reasoning_content":
      // Servers that are renaming the field send the same thought under both names.
      if (delta["reasoning"] !== value) into.push({ type: "reasoning", choice, text: value });
      return true;
    default:
      return false;
  }
}

/** `delta` of a stream or `message` of a whole answer: both hold the same fields. */
function readDelta(
  delta: Fields,
  context: { readonly choice: number; readonly logprobs: unknown },
  into: ModelEvent[],
): void {
  const { choice } = context;
  for (const field in delta) {
    const value = delta[field];
    if (value === null || field === "role") continue;
    if (field === "content" && typeof value === "string") {
      into.push({ type: "text", choice, text: value, logprobs: readLogprobs(context.logprobs) });
    } else if (field === "content" && Array.isArray(value)) readParts(value, choice, into);
    else if (field === "tool_calls") readToolCalls(asList(value), choice, into);
    else if (typeof value !== "string" || !readWords(field, value, { delta, choice, into }))
      into.push({ type: "extra", choice, field, value });
  }
}

const knownOfChoice = new Set(["index", "delta", "message", "text", "finish_reason", "logprobs"]);

function readChoice(choice: Fields, into: ModelEvent[]): void {
  const index = typeof choice["index"] === "number" ? choice["index"] : 0;
  const delta = asFields(choice["delta"]) ?? asFields(choice["message"]);
  if (delta !== undefined) readDelta(delta, { choice: index, logprobs: choice["logprobs"] }, into);
  const text = asText(choice["text"]);
  if (text !== undefined) into.push({ type: "text", choice: index, text, logprobs: undefined });
  for (const field in choice) {
    // A completion's have another form than a chat's, which is an event's.
    const isKnown = knownOfChoice.has(field) && (field !== "logprobs" || text === undefined);
    if (!isKnown && choice[field] !== null)
      into.push({ type: "choice-extra", choice: index, field, value: choice[field] });
  }
  const reason = asText(choice["finish_reason"]);
  if (reason === undefined) return;
  if (isInterrupted(reason)) {
    const message = `The model's server gave the answer up (${reason}).`;
    into.push({ type: "error", code: "upstream-truncated", message });
  } else into.push({ type: "finish", choice: index, reason: mapFinishReason(reason), rawReason: reason });
}

const known = new Set(["id", "object", "created", "model", "choices", "usage", "system_fingerprint"]);

/** An event before the answer: Azure's first, what its filter thinks of the prompt, has neither id nor choice; nor has one that nobody here knows. */
export function isPreamble(chunk: Fields): boolean {
  const { id, choices } = chunk;
  return (id === undefined || id === "") && (!Array.isArray(choices) || choices.length === 0);
}

/** The head of an answer: what every chunk repeats, read from the first. */
export function readStart(chunk: Fields): ModelEvent[] {
  const events: ModelEvent[] = [];
  if (!isPreamble(chunk)) {
    events.push({
      type: "start",
      id: asText(chunk["id"]),
      model: asText(chunk["model"]),
      createdSeconds: typeof chunk["created"] === "number" ? chunk["created"] : undefined,
      systemFingerprint: asText(chunk["system_fingerprint"]),
    });
  }
  for (const field in chunk) {
    if (!known.has(field) && chunk[field] !== null)
      events.push({ type: "extra", choice: undefined, field, value: chunk[field] });
  }
  return events;
}

/** One chunk of a chat or completion stream (or a whole answer) as events, without its head. */
export function chunkToEvents(chunk: Fields): ModelEvent[] {
  const events: ModelEvent[] = [];
  const choices = chunk["choices"];
  if (Array.isArray(choices)) {
    for (const value of choices as unknown[]) {
      const choice = asFields(value);
      if (choice !== undefined) readChoice(choice, events);
    }
  }
  const counted = chunk["usage"] ?? asFields(chunk["x_groq"])?.["usage"];
  if (counted !== null && counted !== undefined) {
    const usage = readUsage(counted, chunk["service_tier"]);
    if (usage !== undefined) events.push({ type: "usage", usage });
  }
  return events;
}
