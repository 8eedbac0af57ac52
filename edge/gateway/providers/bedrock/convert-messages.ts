import type { ChatMessage } from "@millrace/core/contract";
import { convertTurns, type Turn } from "../native-wire/convert-turns.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { ownFields } from "../native-wire/message-fields.ts";
import { toolArguments } from "../native-wire/tool-arguments.ts";
import { type Block, cachePoint, contentBlocks, textBlocks } from "./convert-content.ts";

export interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly Turn<Block>[];
}

function assistantBlocks(message: Extract<ChatMessage, { role: "assistant" }>, path: string): Block[] {
  const own = listOfFields(ownFields(message, "bedrock")?.["content"]);
  if (own.length > 0) return own.map((block) => ({ ...block }));
  const calls = (message.tool_calls ?? []).map((call, index) => {
    const input = toolArguments(call, `${path}.tool_calls[${index}]`);
    return { toolUse: { toolUseId: call.id, name: call.function.name, input } };
  });
  return [...contentBlocks(message.content, `${path}.content`), ...textBlocks(message.refusal ?? ""), ...calls];
}

function blocksOf(message: ChatMessage, path: string): Block[] {
  switch (message.role) {
    case "assistant":
      return assistantBlocks(message, path);
    case "tool":
      return [
        { toolResult: { toolUseId: message.tool_call_id, content: contentBlocks(message.content, `${path}.content`) } },
      ];
    case "system":
    case "developer":
    case "user":
      return contentBlocks(message.content, `${path}.content`);
  }
}

/** A conversation in Converse's form. @throws MillraceError `unsupported-parameter`, `invalid-request`. */
export function convertMessages(messages: readonly ChatMessage[]): Conversation {
  const { system, turns } = convertTurns(messages, {
    who: "Bedrock",
    fields: ["cache_control"],
    blocksOf: (message, path) => [...blocksOf(message, path), ...cachePoint(message)],
  });
  return { system, messages: turns };
}
