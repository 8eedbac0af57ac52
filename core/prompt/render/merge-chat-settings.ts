import type { PromptContent } from "../../contract/prompt.ts";
import type { ChatRequest } from "../../contract/wire/chat-request.ts";

/** The fields of a caller's request; its `model`, `messages` and `prompt` are not settings and are passed over. */
export type ChatOverrides = Partial<ChatRequest>;
export type ChatSettings = Partial<ChatRequest> & { readonly model: string };

/**
 * The one rule by which a version's settings and a caller's fields meet: **what the caller says wins, field by field; what the
 * caller leaves out (or sends as null) is the version's.** Lists (`tools`, `stop`) are taken whole, never joined. A caller's
 * `max_completion_tokens` replaces the version's `max_tokens`, as they mean the same. The model is always the version's.
 */
export function mergeChatSettings(
  content: Pick<PromptContent, "settings" | "output">,
  overrides: ChatOverrides = {},
): ChatSettings {
  const { model, cache_ttl_seconds: _cacheTtl, tools, ...sampling } = content.settings;
  const merged: Record<string, unknown> = { ...sampling };
  if (tools !== undefined && tools.length > 0) merged["tools"] = tools;
  if (content.output !== undefined) {
    const { name, schema } = content.output;
    merged["response_format"] = { type: "json_schema", json_schema: { name, schema, strict: true } };
  }
  for (const [field, value] of Object.entries(overrides)) {
    if (value !== undefined && value !== null) merged[field] = value;
  }
  if (overrides.max_completion_tokens !== undefined && overrides.max_completion_tokens !== null) {
    if (overrides.max_tokens === undefined || overrides.max_tokens === null) delete merged["max_tokens"];
  }
  delete merged["prompt"];
  delete merged["messages"];
  return { ...merged, model };
}
