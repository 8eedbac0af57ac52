import { resolvePromptReference } from "@millrace/core/bundle";
import { type Bundle, type JsonObject, MillraceError } from "@millrace/core/contract";
import type { PromptChoice } from "../../exchange/resolution.ts";

export interface RenderedPrompt {
  readonly prompt: PromptChoice;
  readonly model: string;
  readonly fields: JsonObject;
  readonly resolvedHash: string;
  readonly cacheTtlSeconds: number | undefined;
}
export type PromptCache = ReadonlyMap<string, unknown>;
export function createPromptCache(): PromptCache {
  return new Map();
}
export function resolvePrompt(bundle: Bundle, fields: Readonly<JsonObject>, _prompts: PromptCache): RenderedPrompt {
  const found = resolvePromptReference(bundle, fields["model"] as string);
  throw new MillraceError("unknown-prompt", { message: found.version.prompt });
}
