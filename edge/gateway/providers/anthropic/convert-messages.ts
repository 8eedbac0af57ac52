import type { ChatMessage } from "@millrace/core/contract";
import { convertTurns, type Turn } from "../native-wire/convert-turns.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { ownFields } from "../native-wire/message-fields.ts";
import { toolArguments } from "../native-wire/tool-arguments.ts";
import { type Block, contentBlocks } from "./convert-content.ts";

export interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly Turn<Block>[];
}

/** A message's `cache_control` marks its last block. */
function marked(blocks: Block[], message: ChatMessage): Block[] {
  const mark = message["cache_control"];
  const last = blocks.at(-1);
  return mark === undefined || last === undefined ? blocks : [...blocks.slice(0, -1), { ...last, cache_control: mark }];
}

/** The model's own blocks, if the caller sent them back: thinking and its signature must return as they were. */
function nativeBlocks(message: ChatMessage): Block[] | undefined {
  const blocks = listOfFields(ownFields(message, "anthropic")?.["content"]);
  return blocks.length === 0 ? undefined : blocks.map((block) => ({ ...block }));
}

function assistantBlocks(message: Extract<ChatMessage, { role: "assistant" }>, path: string): Block[] {
  const native = nativeBlocks(message);
  if (native !== undefined) return native;
  const blocks = contentBlocks(message.content, `${path}.content`);
  if (typeof message.refusal === "string" && message.refusal !== "")
    blocks.push({ type: "text", text: message.refusal });
  for (const [index, call] of (message.tool_calls ?? []).entries()) {
    const input = toolArguments(call, `${path}.tool_calls[${index}]`);
    blocks.push({ type: "tool_use", id: call.id, name: call.function.name, input });
  }
  return blocks;
}

function blocksOf(message: ChatMessage, path: string): Block[] {
  switch (message.role) {
    case "assistant":
      return assistantBlocks(message, path);
    case "tool": {
      const content = contentBlocks(message.content, `${path}.content`);
      const result: Block = { type: "tool_result", tool_use_id: message.tool_call_id };
      return [content.length === 0 ? result : { ...result, content }];
    }
    case "system":
    case "developer":
    case "user":
      return contentBlocks(message.content, `${path}.content`);
  }
}

/** A conversation in Anthropic's form. @throws MillraceError `unsupported-parameter`, `invalid-request`. */
export function convertMessages(messages: readonly ChatMessage[]): Conversation {
  const { system, turns } = convertTurns(messages, {
    who: "Anthropic",
    fields: ["cache_control"],
    blocksOf: (message, path) => marked(blocksOf(message, path), message),
  });
  return { system, messages: turns };
}
