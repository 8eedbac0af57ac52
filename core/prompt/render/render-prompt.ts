import type { PromptCall, PromptContent } from "../../contract/prompt.ts";
import type { ChatMessage, ChatRequest } from "../../contract/wire/chat-request.ts";
import { contentHash } from "../../content/hash.ts";
import type { PromptIncludes } from "../closure-hash.ts";
import { type CompiledPrompt, compilePrompt } from "./compile-prompt.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import type { CountTokens } from "./fill-slot.ts";
import { type ChatOverrides, mergeChatSettings } from "./merge-chat-settings.ts";
import { type DroppedContext, renderMessages } from "./render-messages.ts";

export interface RenderCall {
  readonly call: PromptCall;
  /** The caller's `messages`: fill the `input` slot, or follow the template when it has none. */
  readonly input: readonly ChatMessage[];
  /** The caller's other fields; see mergeChatSettings. */
  readonly overrides?: ChatOverrides;
  /** How slots measure their budgets; an estimate when absent. */
  readonly countTokens?: CountTokens;
}

export interface RenderedPrompt {
  /** What the model gets. */
  readonly request: ChatRequest;
  /** SHA-256 over the version's content address and the request without what only concerns its transport. */
  readonly resolvedHash: string;
  readonly dropped: DroppedContext;
}

/** Fields that say how the answer travels or who asked, not what the model is asked. */
const transportFields = new Set(["stream", "stream_options", "user", "metadata"]);

/**
 * Renders a compiled version for one request. Layout: one system message (`system`, then the constraints as a list), the few-shot
 * turns, the message templates with their slots filled in, and the caller's messages at the end when no slot takes them. A
 * message whose text renders empty is left out.
 * @throws MillraceError `invalid-variables`, `unsafe-interpolation`, `template-error`, `context-too-long`.
 */
export function renderCompiled(compiled: CompiledPrompt, options: RenderCall): RenderedPrompt {
  const { call, input, overrides, countTokens = estimateTokens } = options;
  const variables = compiled.variables.resolve(call.variables);
  const { messages, dropped } = renderMessages(compiled, { variables, call, input, countTokens });
  const settings = mergeChatSettings(compiled.content, overrides);
  const request: ChatRequest = { ...settings, messages: [...messages] };
  const asked = Object.fromEntries(Object.entries(request).filter(([field]) => !transportFields.has(field)));
  return { request, resolvedHash: contentHash({ version: compiled.hash, request: asked }), dropped };
}

export interface RenderPromptOptions extends RenderCall {
  readonly content: PromptContent;
  readonly includes?: PromptIncludes;
}

/** Compiles and renders in one go, for callers that render a version once; see compilePrompt and renderCompiled. */
export function renderPrompt(options: RenderPromptOptions): RenderedPrompt {
  return renderCompiled(compilePrompt(options.content, options.includes), options);
}
