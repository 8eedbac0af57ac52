import { MillraceError, type ChatMessage, type FunctionTool, type ToolCall } from "@millrace/core/contract";
import type { EngineMessage } from "../engines/engine.ts";
import {
  CALL_ARGUMENTS,
  CALL_CLOSE,
  CALL_OPEN,
  CALLS_BETWEEN,
  CALLS_CLOSE,
  CALLS_OPEN,
} from "../grammar/tool-grammar.ts";
import { refuseUnknown, unsupported } from "./refuse-unknown.ts";

const FIELDS: Readonly<Record<ChatMessage["role"], readonly string[]>> = {
  system: ["role", "content"],
  developer: ["role", "content"],
  user: ["role", "content"],
  assistant: ["role", "content", "refusal", "tool_calls"],
  tool: ["role", "content", "tool_call_id"],
};

type Content = ChatMessage["content"];

function textOf(content: Content, path: string): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part, index) => {
      if (part.type === "text") return part.text;
      if (part.type === "refusal") return part.refusal;
      throw unsupported(`${path}[${index}]`, `This runner takes text only, not ${part.type}.`);
    })
    .join("");
}

/** A call in the form in which the model writes it, so that a conversation reads the same when it goes on. */
function callText(call: ToolCall): string {
  return `${CALL_OPEN}${call.function.name}${CALL_ARGUMENTS}${call.function.arguments}${CALL_CLOSE}`;
}

function callsText(calls: readonly ToolCall[]): string {
  const texts = calls.map(callText);
  return texts.length === 1 ? texts.join("") : `${CALLS_OPEN}${texts.join(CALLS_BETWEEN)}${CALLS_CLOSE}`;
}

/** How the model is told of its tools: plain words, since the grammar enforces the form whatever the model's own convention is. */
function toolsText(tools: readonly FunctionTool[], mustCall: boolean): string {
  const lines = tools.map(({ function: tool }) =>
    JSON.stringify({ name: tool.name, description: tool.description, parameters: tool.parameters }),
  );
  const rule = mustCall ? "Answer with a call of one of them" : "When one of them is needed, answer with a call";
  return `You can call these functions:\n${lines.join("\n")}\n${rule}, written as ${CALL_OPEN}<name>${CALL_ARGUMENTS}<arguments>${CALL_CLOSE} and nothing else.`;
}

export interface ToolUse {
  readonly tools: readonly FunctionTool[];
  readonly mustCall: boolean;
}

/**
 * OpenAI's messages → the three roles that every chat template knows. `developer` is `system`; a tool's result is told by the user, since
 * small models' templates know no tool role. @throws MillraceError for content that is not text.
 */
export function engineMessages(messages: readonly ChatMessage[], toolUse: ToolUse | undefined): EngineMessage[] {
  if (messages.length === 0) {
    throw new MillraceError("invalid-request", { param: "messages", message: "There is no message to answer." });
  }
  const names = new Map<string, string>();
  const turns = messages.map((message, index): EngineMessage => {
    const path = `messages[${index}]`;
    refuseUnknown(message, FIELDS[message.role], `${path}.`);
    const text = textOf(message.content, `${path}.content`);
    if (message.role === "tool") {
      return { role: "user", content: `Result of ${names.get(message.tool_call_id) ?? "the call"}: ${text}` };
    }
    if (message.role === "assistant") {
      for (const call of message.tool_calls ?? []) names.set(call.id, call.function.name);
      const calls = message.tool_calls?.length ? callsText(message.tool_calls) : "";
      return { role: "assistant", content: [text, calls].filter((piece) => piece !== "").join("\n") };
    }
    return { role: message.role === "user" ? "user" : "system", content: text };
  });
  return toolUse === undefined ? turns : withSystemText(turns, toolsText(toolUse.tools, toolUse.mustCall));
}

function withSystemText(turns: readonly EngineMessage[], text: string): EngineMessage[] {
  const [first, ...rest] = turns;
  if (first?.role === "system") return [{ role: "system", content: `${first.content}\n\n${text}` }, ...rest];
  return [{ role: "system", content: text }, ...turns];
}
