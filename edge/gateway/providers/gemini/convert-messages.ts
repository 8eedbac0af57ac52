import { type ChatMessage, MillraceError, type ToolCall } from "@millrace/core/contract";
import { asFields, asText } from "../../json/vendor-json.ts";
import { convertTurns } from "../native-wire/convert-turns.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { ownFields } from "../native-wire/message-fields.ts";
import { textContent } from "../native-wire/text-content.ts";
import { toolArguments } from "../native-wire/tool-arguments.ts";
import { contentParts, type Part, textParts } from "./convert-content.ts";

interface Turn {
  readonly role: "user" | "model";
  readonly parts: readonly Part[];
}

export interface Conversation {
  readonly system: readonly Part[];
  readonly contents: readonly Turn[];
}

/**
 * Gemini 3 refuses calls in its history that come without the signature of the thought behind them. This value, which Google documents,
 * stands for a call whose signature nobody has: another model made it, or the client did not keep it.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const NO_SIGNATURE = "skip_thought_signature_validator";

/** Google's own OpenAI-compatible API puts the signature here; clients that know it send it back there. */
function signatureOf(call: ToolCall): string | undefined {
  return asText(asFields(asFields(call["extra_content"])?.["google"])?.["thought_signature"]);
}

function callParts(calls: readonly ToolCall[], path: string, signed: boolean): Part[] {
  return calls.map((call, index) => {
    const args = toolArguments(call, `${path}.tool_calls[${index}]`);
    const signature = signatureOf(call) ?? (signed && index === 0 ? NO_SIGNATURE : undefined);
    return {
      functionCall: { name: call.function.name, args },
      ...(signature === undefined ? {} : { thoughtSignature: signature }),
    };
  });
}

/** What a tool gave back. Google takes an object; anything else is its `output`. */
function toolResponse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return asFields(value) ?? { output: value };
  } catch {
    return { output: text };
  }
}

class Converter {
  readonly #signed: boolean;
  readonly #names = new Map<string, string>();
  /** Ids that Google gave its calls itself: the result is told under them. */
  readonly #ids = new Set<string>();

  constructor(signed: boolean) {
    this.#signed = signed;
  }

  parts(message: ChatMessage, path: string): Part[] {
    switch (message.role) {
      case "assistant":
        return this.#assistant(message, path);
      case "tool":
        return [this.#result(message, path)];
      case "system":
      case "developer":
      case "user":
        return contentParts(message.content, `${path}.content`);
    }
  }

  #assistant(message: Extract<ChatMessage, { role: "assistant" }>, path: string): Part[] {
    const calls = message.tool_calls ?? [];
    for (const call of calls) this.#names.set(call.id, call.function.name);
    const own = listOfFields(ownFields(message, "gemini")?.["parts"]);
    if (own.length > 0) {
      for (const part of own) this.#ids.add(asText(asFields(part["functionCall"])?.["id"]) ?? "");
      return own.map((part) => ({ ...part }));
    }
    return [
      ...contentParts(message.content, `${path}.content`),
      ...textParts(message.refusal ?? undefined),
      ...callParts(calls, path, this.#signed),
    ];
  }

  #result(message: Extract<ChatMessage, { role: "tool" }>, path: string): Part {
    const name = this.#names.get(message.tool_call_id);
    if (name === undefined) {
      const param = `${path}.tool_call_id`;
      throw new MillraceError("invalid-request", {
        param,
        message: `No tool call before it has the id of \`${param}\`.`,
      });
    }
    const { tool_call_id: id } = message;
    const response = toolResponse(textContent(message.content));
    return { functionResponse: { ...(this.#ids.has(id) ? { id } : {}), name, response } };
  }
}

/** A conversation in Gemini's form. @throws MillraceError `unsupported-parameter`, `invalid-request`. */
export function convertMessages(messages: readonly ChatMessage[], model: string): Conversation {
  const converter = new Converter(/gemini-(?:[3-9]|\d{2})/i.test(model));
  const { system, turns } = convertTurns(messages, {
    who: "Gemini",
    blocksOf: (message, path) => converter.parts(message, path),
  });
  return {
    system,
    contents: turns.map(({ role, content }) => ({ role: role === "assistant" ? "model" : "user", parts: content })),
  };
}
