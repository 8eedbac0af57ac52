import type { JsonObject, JsonValue, Surface } from "@millrace/core/contract";

/** A request that asks for the rest of an answer. */
export interface ContinuationRequest {
  readonly fields: JsonObject;
  /** Units of the delivered text that the prefill covers. */
  readonly prefillLength: number;
}

const LONE_HIGH_SURROGATE = /[\uD800-\uDBFF]$/;

/** Servers refuse a turn that ends in white space, and half a surrogate pair is no text. */
function prefillOf(delivered: string): string {
  return delivered.replace(LONE_HIGH_SURROGATE, "").trimEnd();
}

/** The limits on output, less what the caller has. At least one token: that the limit is reached is for the target to say. */
function limitsLess(fields: Readonly<JsonObject>, deliveredTokens: number): JsonObject {
  const limits: JsonObject = {};
  for (const name of ["max_tokens", "max_completion_tokens"]) {
    const limit = fields[name];
    if (typeof limit === "number") limits[name] = Math.max(1, limit - deliveredTokens);
  }
  return limits;
}

function continuedMessages(messages: JsonValue | undefined, prefill: string): JsonValue[] | undefined {
  if (!Array.isArray(messages)) return undefined;
  const last = messages.at(-1);
  const isOwnTurn = typeof last === "object" && last !== null && !Array.isArray(last) && last["role"] === "assistant";
  if (!isOwnTurn) return [...messages, { role: "assistant", content: prefill }];
  // The caller began the turn already.
  const { content } = last;
  return typeof content === "string" ? [...messages.slice(0, -1), { ...last, content: content + prefill }] : undefined;
}

/** The same request with the delivered text as the beginning of its answer; undefined where its shape leaves no place for one. */
export function continueRequest(
  request: { readonly surface: Surface; readonly fields: Readonly<JsonObject> },
  delivered: { readonly text: string; readonly tokens: number },
): ContinuationRequest | undefined {
  const prefill = prefillOf(delivered.text);
  if (prefill === "") return undefined;
  const { surface, fields } = request;
  const limits = limitsLess(fields, delivered.tokens);
  if (surface === "completions") {
    const { prompt } = fields;
    return typeof prompt === "string"
      ? { fields: { ...fields, ...limits, prompt: prompt + prefill }, prefillLength: prefill.length }
      : undefined;
  }
  const messages = continuedMessages(fields["messages"], prefill);
  return messages === undefined
    ? undefined
    : { fields: { ...fields, ...limits, messages }, prefillLength: prefill.length };
}
