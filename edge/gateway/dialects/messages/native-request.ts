import type { JsonObject, JsonValue } from "@millrace/core/contract";

function isUnsigned(block: JsonValue): boolean {
  if (typeof block !== "object" || block === null || Array.isArray(block) || block["type"] !== "thinking") return false;
  const { signature } = block;
  return signature === undefined || signature === "";
}

function withoutUnsigned(message: JsonValue): JsonValue {
  if (typeof message !== "object" || message === null || Array.isArray(message)) return message;
  const { content } = message;
  if (!Array.isArray(content) || !content.some(isUnsigned)) return message;
  return { ...message, content: content.filter((block) => !isUnsigned(block)) };
}

/**
 * The caller's own body as Anthropic may get it: without `prompt`, which is Millrace's, and without the thoughts of other models in earlier
 * turns, which have no signature and which Anthropic would refuse.
 */
export function withoutUnsignedThinking(body: Readonly<JsonObject>): JsonObject {
  const { prompt: _prompt, ...rest } = body;
  const { messages } = rest;
  return Array.isArray(messages) ? { ...rest, messages: messages.map(withoutUnsigned) } : rest;
}
