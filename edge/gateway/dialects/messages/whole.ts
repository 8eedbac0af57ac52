import type { JsonObject, Message, MessageAnswerBlock } from "@millrace/core/contract";
import { asText } from "../../json/vendor-json.ts";
import type { MessageEvent } from "./message-writer.ts";

interface OpenBlock {
  readonly block: JsonObject;
  text: string;
}

function parseInput(text: string): JsonObject {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    // Cut off by `max_tokens`, which the stop reason says; no part of it can be told as JSON.
    return {};
  }
}

function closed({ block, text }: OpenBlock): MessageAnswerBlock {
  switch (asText(block["type"]) ?? "") {
    case "text":
      return { type: "text", text };
    case "thinking":
      return { type: "thinking", thinking: text, signature: "" };
    default:
      return { ...block, input: parseInput(text) } as unknown as MessageAnswerBlock;
  }
}

/** The message that a stream of Anthropic's events tells: what a client assembles from the same events. */
export function foldMessage(events: readonly MessageEvent[]): Message | undefined {
  let message: Message | undefined;
  let open: OpenBlock | undefined;
  const content: MessageAnswerBlock[] = [];
  for (const event of events) {
    if (event.type === "message_start") message = event["message"] as unknown as Message;
    else if (event.type === "content_block_start") open = { block: event["content_block"] as JsonObject, text: "" };
    else if (event.type === "content_block_delta" && open !== undefined) {
      const delta = event["delta"] as JsonObject;
      open.text += asText(delta["text"] ?? delta["thinking"] ?? delta["partial_json"]) ?? "";
    } else if (event.type === "content_block_stop" && open !== undefined) {
      content.push(closed(open));
      open = undefined;
    } else if (event.type === "message_delta" && message !== undefined) {
      message = {
        ...message,
        ...(event["delta"] as JsonObject),
        usage: { ...message.usage, ...(event["usage"] as JsonObject) },
      };
    }
  }
  return message === undefined ? undefined : { ...message, content };
}
