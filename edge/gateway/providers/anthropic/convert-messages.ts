import { type ChatMessage, MillraceError } from "@millrace/core/contract";
import { asFields } from "../../json/vendor-json.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { refuseFields } from "../native-wire/refuse-fields.ts";
import { toolArguments } from "../native-wire/tool-arguments.ts";
import { type Block, contentBlocks } from "./convert-content.ts";

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

/** A message's `cache_control` marks its last block. */
function marked(blocks: Block[], message: ChatMessage): Block[] {
  const mark = message["cache_control"];
  const last = blocks.at(-1);
  return mark === undefined || last === undefined ? blocks : [...blocks.slice(0, -1), { ...last, cache_control: mark }];
}

/** The model's own blocks, if the caller sent them back: thinking and its signature must return as they were. */
function nativeBlocks(message: ChatMessage): Block[] | undefined {
  const own = asFields(asFields(message["provider_fields"])?.["anthropic"])?.["content"];
  const blocks = listOfFields(own);
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

function turnOf(message: ChatMessage, path: string): Turn | undefined {
  switch (message.role) {
    case "system":
    case "developer":
      return undefined;
    case "user":
      return { role: "user", content: contentBlocks(message.content, `${path}.content`) };
    case "assistant":
      return { role: "assistant", content: assistantBlocks(message, path) };
    case "tool": {
      const content = contentBlocks(message.content, `${path}.content`);
      const result: Block = { type: "tool_result", tool_use_id: message.tool_call_id };
      return { role: "user", content: [content.length === 0 ? result : { ...result, content }] };
    }
  }
}

/**
 * A conversation in Anthropic's form: instructions apart, neighbours of one role in one turn, so that the results of parallel tool calls
 * come back together. @throws MillraceError `unsupported-parameter`, `invalid-request`.
 */
export function convertMessages(messages: readonly ChatMessage[]): Conversation {
  const system: Block[] = [];
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    refuseFields(message, { known: MESSAGE_FIELDS, who: "Anthropic", path: `${path}.` });
    const turn = turnOf(message, path);
    if (turn === undefined) {
      system.push(...marked(contentBlocks(message.content, `${path}.content`), message));
      continue;
    }
    const content = marked(turn.content, message);
    const last = turns.at(-1);
    if (last?.role === turn.role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role: turn.role, content });
  }
  if (turns.length === 0) {
    const message = "Anthropic needs at least one message that is not an instruction.";
    throw new MillraceError("invalid-request", { param: "messages", message });
  }
  return { system, messages: turns };
}
