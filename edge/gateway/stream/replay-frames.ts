import type { JsonObject, ModelFrame, Surface } from "@millrace/core/contract";
import { chunkToEvents, readStart } from "../providers/openai-wire/chunk-to-events.ts";
import { asFields, asList, type Fields } from "../json/vendor-json.ts";

export interface ReplayOptions {
  readonly surface: Surface;
  readonly wantsUsage: boolean;
}

/** A message as the delta that brings it: tool calls get the index that a stream tells them apart by. */
function deltaOf(message: Fields): Fields {
  const calls = asList(message["tool_calls"]);
  const { tool_calls: _calls, ...rest } = message;
  if (calls.length === 0) return rest;
  return { ...rest, tool_calls: calls.map((call, index) => ({ index, ...asFields(call) })) };
}

function chatChunks(choice: Fields): Fields[] {
  const { index, message, logprobs, finish_reason: reason, ...besides } = choice;
  const delta = deltaOf(asFields(message) ?? {});
  return [
    { index, delta, logprobs: logprobs ?? null, finish_reason: null },
    { index, delta: {}, logprobs: null, ...besides, finish_reason: reason },
  ];
}

function textChunks(choice: Fields): Fields[] {
  const { finish_reason: reason, ...rest } = choice;
  return [
    { ...rest, finish_reason: null },
    { index: choice["index"], text: "", logprobs: null, finish_reason: reason },
  ];
}

/**
 * A whole answer as the stream that would have brought it: every field that the whole answer has, tool calls, finish reasons and, when asked
 * for, usage.
 */
export function replayFrames(completion: Readonly<JsonObject>, options: ReplayOptions): readonly ModelFrame[] {
  const { choices, usage, object: _object, ...head } = completion;
  const object = options.surface === "chat" ? "chat.completion.chunk" : "text_completion";
  let started = false;
  const frame = (chunk: Fields): ModelFrame => {
    const whole = { ...head, object, ...chunk };
    const events = started ? chunkToEvents(whole) : [...readStart(whole), ...chunkToEvents(whole)];
    started = true;
    return { events, raw: JSON.stringify(whole) };
  };
  const frames = asList(choices)
    .flatMap((value) => {
      const choice = asFields(value) ?? {};
      return options.surface === "chat" ? chatChunks(choice) : textChunks(choice);
    })
    .map((choice) => frame({ choices: [choice], ...(options.wantsUsage ? { usage: null } : {}) }));
  if (options.wantsUsage && usage !== undefined && usage !== null) frames.push(frame({ choices: [], usage }));
  return frames;
}
