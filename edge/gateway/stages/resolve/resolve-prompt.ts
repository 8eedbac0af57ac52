import { resolvePromptReference } from "@millrace/core/bundle";
import { type Bundle, type ChatMessage, type JsonObject, promptCallSchema } from "@millrace/core/contract";
import {
  type ChatOverrides,
  closureFromBundle,
  type CompiledPrompt,
  compilePrompt,
  renderCompiled,
} from "@millrace/core/prompt";
import type { PromptChoice } from "../../exchange/resolution.ts";
import { BoundedMap } from "../../memory/bounded-map.ts";

/** Compiled versions that one isolate keeps; each is some kilobytes, and more are rarely live at once. */
const MAX_COMPILED = 256;

/** Compiled versions by closure hash: what a hash names never changes, so an entry is never wrong. */
export type PromptCache = BoundedMap<string, CompiledPrompt>;

export function createPromptCache(): PromptCache {
  return new BoundedMap(MAX_COMPILED);
}

export interface RenderedPrompt {
  readonly prompt: PromptChoice;
  /** The model that the version names. */
  readonly model: string;
  /** The request as the model gets it, but for the target's own name of the model. */
  readonly fields: JsonObject;
  readonly resolvedHash: string;
  readonly cacheTtlSeconds: number | undefined;
}

function compiledOf(bundle: Bundle, hash: string, cache: PromptCache): CompiledPrompt {
  const known = cache.get(hash);
  if (known !== undefined) return known;
  const { content, includes } = closureFromBundle(hash, bundle.versions);
  const compiled = compilePrompt(content, includes);
  cache.set(hash, compiled);
  return compiled;
}

/**
 * Resolves and renders a named prompt for a request that was validated.
 * @throws MillraceError `unknown-prompt`, `unknown-label`, `label-removed`, `unknown-version`, `invalid-variables`, `template-error`, …
 */
export function resolvePrompt(bundle: Bundle, fields: Readonly<JsonObject>, cache: PromptCache): RenderedPrompt {
  const { model, messages, prompt, ...overrides } = fields;
  const found = resolvePromptReference(bundle, typeof model === "string" ? model : "");
  const compiled = compiledOf(bundle, found.hash, cache);
  // The request passed its schema; a message's type in it is known to hold.
  const input = (messages ?? []) as unknown as readonly ChatMessage[];
  const call = promptCallSchema.parse(prompt ?? {});
  const rendered = renderCompiled(compiled, { call, input, overrides: overrides as ChatOverrides });
  const { content } = found.version;
  return {
    prompt: {
      name: found.version.prompt,
      version: found.version.version,
      hash: found.hash,
      label: found.label,
      reason: found.reason,
    },
    model: content.settings.model,
    fields: rendered.request as unknown as JsonObject,
    resolvedHash: rendered.resolvedHash,
    cacheTtlSeconds: content.settings.cache_ttl_seconds,
  };
}
