import { type ChatMessage, MillraceError } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { refuseFields } from "../native-wire/refuse-fields.ts";
import { toolArguments } from "../native-wire/tool-arguments.ts";
import { type Block, cachePoint, contentBlocks, textBlocks } from "./convert-content.ts";

interface Turn {
  readonly role: "user" | "assistant";
  readonly content: Block[];
}

export interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly Turn[];
}

/** `reasoning_content` is what a client got and sends back for the record; what a model needs of it again is in `provider_fields`. */
const MESSAGE_FIELDS = new Set([
  "role",
  "content",
  "refusal",
  "tool_calls",
  "tool_call_id",
  "cache_control",
  "reasoning_content",
  "provider_fields",
]);

function assistantBlocks(message: Extract<ChatMessage, { role: "assistant" }>, path: string): Block[] {
  const own = listOfFields(asFields(asFields(message["provider_fields"])?.["bedrock"])?.["content"]);
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

/** A conversation in Converse's form: instructions apart, neighbours of one role in one turn. @throws MillraceError. */
export function convertMessages(messages: readonly ChatMessage[]): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    refuseFields(message, { known: MESSAGE_FIELDS, who: "Bedrock", path: `${path}.` });
    const blocks = [...blocksOf(message, path), ...cachePoint(message)];
    if (message.role === "system" || message.role === "developer") {
      system.push(...blocks);
      continue;
    }
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role, content: blocks });
  }
  if (turns.length === 0) {
    const message = "Bedrock needs at least one message that is not an instruction.";
    throw new MillraceError("invalid-request", { param: "messages", message });
  }
  return { system, messages: turns };
}
