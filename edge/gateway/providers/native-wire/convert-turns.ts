import { type ChatMessage, MillraceError } from "@millrace/core/contract";
import { MESSAGE_FIELDS } from "./message-fields.ts";
import { refuseFields } from "./refuse-fields.ts";

/** Neighbours of one role in one, so that the results of parallel tool calls come back together. */
export interface Turn<Block> {
  readonly role: "user" | "assistant";
  readonly content: Block[];
}

/** A conversation whose instructions stand apart. */
export interface Turns<Block> {
  readonly system: readonly Block[];
  readonly turns: readonly Turn<Block>[];
}

export interface TurnRules<Block> {
  /** Who is spoken to, for refusals. */
  readonly who: string;
  /** Fields of a message that this provider reads beside those of all. */
  readonly fields?: readonly string[];
  /** A message in the provider's words; `path` names it in refusals. Called in the order of the messages. */
  readonly blocksOf: (message: ChatMessage, path: string) => readonly Block[];
}

/** The form that most providers want a conversation in. @throws MillraceError `unsupported-parameter`, `invalid-request`. */
export function convertTurns<Block>(messages: readonly ChatMessage[], rules: TurnRules<Block>): Turns<Block> {
  const known = new Set([...MESSAGE_FIELDS, ...(rules.fields ?? [])]);
  const system: Block[] = [];
  const turns: Turn<Block>[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    refuseFields(message, { known, who: rules.who, path: `${path}.` });
    const blocks = rules.blocksOf(message, path);
    if (message.role === "system" || message.role === "developer") {
      system.push(...blocks);
      continue;
    }
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else if (blocks.length > 0) turns.push({ role, content: [...blocks] });
  }
  if (turns.length > 0) return { system, turns };
  const message = `${rules.who} needs at least one message that is not an instruction.`;
  throw new MillraceError("invalid-request", { param: "messages", message });
}
