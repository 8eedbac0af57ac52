import type { ProviderKind } from "@millrace/core/contract";
import { huggingFace } from "./huggingface/index.ts";
import { openAiCompatible } from "./openai-compatible/index.ts";
import type { ProviderAdapter } from "./provider.ts";
import { runner } from "./runner/index.ts";

/** Every kind of provider that the contract names, and who speaks to it. */
export const providerRegistry: Readonly<Record<ProviderKind, ProviderAdapter>> = {
  runner,
  "openai-compatible": openAiCompatible,
  huggingface: huggingFace,
};
