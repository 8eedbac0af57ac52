import type { JsonObject, Message } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import { asFields, asList, asText, type Fields } from "../../json/vendor-json.ts";
import { listOfFields } from "../../providers/native-wire/list-of-fields.ts";
import type { MessageEvent } from "./message-writer.ts";

/** Blocks that are known to be put together whole from their stream; a result of one of Anthropic's tools comes in one piece. */
const WHOLE_BLOCKS = ["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "mcp_tool_use"];
/** Members of a message that its stream tells beside the reason why it stopped. */
const DELTA_MEMBERS = ["stop_details", "container"];

interface KeptAnswer {
  readonly message: Fields;
  /** Anthropic's own fields of it. */
  readonly own: Fields | undefined;
  /** Its blocks, where OpenAI's form does not hold all of them. */
  readonly content: readonly Fields[] | undefined;
}

function keptOf(body: Readonly<JsonObject>): KeptAnswer {
  const message = asFields(asFields(asList(body["choices"])[0])?.["message"]) ?? {};
  const own = asFields(asFields(message["provider_fields"])?.["anthropic"]);
  const content = own?.["content"];
  return { message, own, content: Array.isArray(content) ? listOfFields(content) : undefined };
}

function isKnown(block: Fields): boolean {
  const type = asText(block["type"]) ?? "";
  return WHOLE_BLOCKS.includes(type) || type.endsWith("_tool_result");
}

/** Whether the blocks say what the answer says: those of the last of several calls do not say what the first ones told. */
function isComplete(message: Fields, content: readonly Fields[]): boolean {
  const said = (field: string): string => content.map((block) => asText(block[field]) ?? "").join("");
  const ids = (items: readonly Fields[]): string => JSON.stringify(items.map((item) => item["id"]));
  return (
    content.every(isKnown) &&
    said("text") === (asText(message["content"]) ?? "") &&
    said("thinking") === (asText(message["reasoning_content"]) ?? "") &&
    ids(content.filter((block) => block["type"] === "tool_use")) === ids(listOfFields(message["tool_calls"]))
  );
}

/**
 * Whether an answer in OpenAI's form says all that was told to a caller who asked in Anthropic's words. Of thoughts without their signature, which Anthropic
 * would refuse, it does not.
 */
export function holdsOwnMessage(body: Readonly<JsonObject>): boolean {
  const { message, content } = keptOf(body);
  if (content !== undefined) return isComplete(message, content);
  return (asText(message["reasoning_content"]) ?? "") === "";
}

/** The message as Anthropic wrote it; undefined where OpenAI's form tells as much. */
export function ownMessage({ body, native }: WholeAnswer, id: string): Message | undefined {
  if (native?.dialect === "anthropic") return JSON.parse(native.text) as Message;
  const { message, own, content } = keptOf(body);
  if (content === undefined || !isComplete(message, content)) return undefined;
  const head = { id, type: "message", role: "assistant", model: body["model"], stop_sequence: null };
  return { ...head, ...own, content } as unknown as Message;
}

/** One block as a stream brings it. */
function blockEvents(block: Fields, index: number): MessageEvent[] {
  const { text, thinking, signature, citations, input, ...rest } = block;
  const streamsInput = input !== undefined && !String(rest["type"]).endsWith("_tool_result");
  const start = {
    ...rest,
    ...(text === undefined ? {} : { text: "" }),
    ...(thinking === undefined ? {} : { thinking: "", signature: "" }),
    ...(citations === undefined ? {} : { citations: Array.isArray(citations) ? [] : citations }),
    ...(input === undefined ? {} : { input: streamsInput ? {} : input }),
  };
  const deltas: Fields[] = [
    ...asList(citations).map((citation) => ({ type: "citations_delta", citation })),
    ...(text === undefined ? [] : [{ type: "text_delta", text }]),
    ...(thinking === undefined ? [] : [{ type: "thinking_delta", thinking }]),
    ...(signature === undefined ? [] : [{ type: "signature_delta", signature }]),
    ...(streamsInput ? [{ type: "input_json_delta", partial_json: JSON.stringify(input) }] : []),
  ];
  return [
    { type: "content_block_start", index, content_block: start as JsonObject },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta: delta as JsonObject })),
    { type: "content_block_stop", index },
  ];
}

/** The events of a stream that brings this message. */
export function messageEvents(message: Message): readonly MessageEvent[] {
  const { content, stop_reason: reason, stop_sequence: sequence, ...rest } = message as unknown as JsonObject;
  const { context_management: management, usage, ...own } = rest;
  const head = Object.fromEntries(Object.entries(own).filter(([name]) => !DELTA_MEMBERS.includes(name)));
  const late = Object.fromEntries(Object.entries(own).filter(([name]) => DELTA_MEMBERS.includes(name)));
  const begun = { ...head, content: [], stop_reason: null, stop_sequence: null, usage: usage ?? null };
  return [
    { type: "message_start", message: begun },
    ...listOfFields(content).flatMap(blockEvents),
    {
      type: "message_delta",
      delta: { stop_reason: reason ?? null, stop_sequence: sequence ?? null, ...late },
      usage: usage ?? null,
      ...(management === undefined ? {} : { context_management: management }),
    },
    { type: "message_stop" },
  ];
}
