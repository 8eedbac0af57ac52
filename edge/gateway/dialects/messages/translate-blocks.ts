import { type JsonObject, type MessageBlock, type MessageSource, MillraceError } from "@millrace/core/contract";
import type { NativeOnly } from "./native-only.ts";
import type { ToolNames } from "./tool-names.ts";

export interface BlockContext {
  readonly names: ToolNames;
  readonly nativeOnly: NativeOnly;
}

type Part = JsonObject;
type Kind<T extends string> = Extract<MessageBlock, { type: T }>;

/** Blocks that are alone or of text become the plain string that every server knows. */
const BETWEEN_BLOCKS = "\n\n";

function text(value: string): Part {
  return { type: "text", text: value };
}

function isText(part: Part): part is { type: "text"; text: string } {
  return part["type"] === "text";
}

/** Parts as the content of a message. */
export function contentOf(parts: readonly Part[]): string | Part[] {
  return parts.every(isText) ? parts.map((part) => part.text).join(BETWEEN_BLOCKS) : [...parts];
}

function image(source: MessageSource, path: string, { nativeOnly }: BlockContext): Part[] {
  switch (source.type) {
    case "base64":
      return [{ type: "image_url", image_url: { url: `data:${source.media_type};base64,${source.data}` } }];
    case "url":
      return [{ type: "image_url", image_url: { url: source.url } }];
    case "text":
    case "content":
    case "file":
      nativeOnly.add(`${path}.source.type`, source.type);
      return [];
  }
}

function document(block: Kind<"document">, path: string, context: BlockContext): Part[] {
  const { source, title } = block as { source: MessageSource; title?: string | null; context?: string | null };
  if ((block["citations"] as { enabled?: boolean } | null | undefined)?.enabled === true)
    context.nativeOnly.add(`${path}.citations`);
  const about = [title, block["context"]].filter((line): line is string => typeof line === "string" && line !== "");
  switch (source.type) {
    case "text":
      return [text([...about, source.data].join("\n"))];
    case "content": {
      const inner = source.content;
      if (typeof inner === "string") return [text([...about, inner].join("\n"))];
      const parts = inner.flatMap((each, at) =>
        insideParts(each as unknown as MessageBlock, `${path}.source.content[${at}]`, context),
      );
      return about.length === 0 ? parts : [text(about.join("\n")), ...parts];
    }
    case "base64": {
      const file: Part = {
        type: "file",
        file: {
          filename: typeof title === "string" && title !== "" ? title : "document.pdf",
          file_data: `data:${source.media_type};base64,${source.data}`,
        },
      };
      const note = block["context"];
      return typeof note === "string" && note !== "" ? [text(note), file] : [file];
    }
    case "url":
    case "file":
      context.nativeOnly.add(`${path}.source.type`, source.type);
      return [];
  }
}

/** What both a user's turn and a tool's result may hold. */
function insideParts(block: MessageBlock, path: string, context: BlockContext): Part[] {
  switch (block.type) {
    case "text":
      return [text((block as Kind<"text">).text)];
    case "image":
      return image((block as Kind<"image">).source as MessageSource, path, context);
    case "document":
      return document(block as Kind<"document">, path, context);
    default:
      context.nativeOnly.add(`${path}.type`, block.type);
      return [];
  }
}

/** A tool's message holds text only: what is more follows in the user's turn, behind all results. */
function toolResult(
  block: Kind<"tool_result">,
  path: string,
  context: BlockContext,
): { tool: JsonObject; more: Part[] } {
  const { content } = block as { content?: string | MessageBlock[] };
  const parts =
    typeof content === "string"
      ? [text(content)]
      : (content ?? []).flatMap((each, at) => insideParts(each, `${path}.content[${at}]`, context));
  const said = parts.filter(isText).map((part) => part.text);
  const more = parts.filter((part) => !isText(part));
  if (more.length > 0 && said.length === 0) said.push("The result is attached below.");
  const told = said.join(BETWEEN_BLOCKS);
  return {
    tool: {
      role: "tool",
      tool_call_id: block["tool_use_id"] as string,
      content: block["is_error"] === true ? `Error: ${told}` : told,
    },
    more: more.length > 0 ? [text(`Attached to the result of ${String(block["tool_use_id"])}:`), ...more] : [],
  };
}

function userMessages(blocks: readonly MessageBlock[], path: string, context: BlockContext): JsonObject[] {
  const results: JsonObject[] = [];
  const attached: Part[] = [];
  const parts: Part[] = [];
  for (const [index, block] of blocks.entries()) {
    const at = `${path}.content[${index}]`;
    if (block.type === "tool_result") {
      const { tool, more } = toolResult(block as Kind<"tool_result">, at, context);
      results.push(tool);
      attached.push(...more);
    } else parts.push(...insideParts(block, at, context));
  }
  const said = [...attached, ...parts];
  return said.length === 0 ? results : [...results, { role: "user", content: contentOf(said) }];
}

/** Thinking is the business of the model that thought: another one cannot read its signature, and does not get its words. */
function assistantMessage(blocks: readonly MessageBlock[], path: string, context: BlockContext): JsonObject {
  let said = "";
  const calls: JsonObject[] = [];
  for (const [index, block] of blocks.entries()) {
    switch (block.type) {
      case "text":
        said += (block as Kind<"text">).text;
        break;
      case "tool_use": {
        const { id, name, input } = block as Kind<"tool_use"> & { id: string; name: string; input: JsonObject };
        const call = { name: context.names.inward(name), arguments: JSON.stringify(input) };
        calls.push({ id, type: "function", function: call });
        break;
      }
      case "thinking":
      case "redacted_thinking":
        break;
      default:
        context.nativeOnly.add(`${path}.content[${index}].type`, block.type);
    }
  }
  return {
    role: "assistant",
    content: said === "" && calls.length > 0 ? null : said,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

export interface Turn {
  readonly role: "user" | "assistant" | "system";
  readonly content: string | readonly MessageBlock[];
}

/** One turn as the messages that say it in OpenAI's form. @throws MillraceError `invalid-request` for a turn that says nothing. */
export function turnMessages(turn: Turn, path: string, context: BlockContext): JsonObject[] {
  if (typeof turn.content === "string") return [{ role: turn.role, content: turn.content }];
  if (turn.role === "assistant") return [assistantMessage(turn.content, path, context)];
  const messages = userMessages(turn.content, path, context);
  if (messages.length === 0 && context.nativeOnly.names.length === 0)
    throw new MillraceError("invalid-request", { param: `${path}.content`, message: `${path}.content: is empty.` });
  return turn.role === "system" ? messages.map((message) => ({ ...message, role: "system" })) : messages;
}
