import type { ProviderKind } from "@millrace/core/contract";
import { huggingFace } from "./huggingface/index.ts";
import { openAiCompatible } from "./openai-compatible/index.ts";
import { azureOpenAi } from "./azure-openai/index.ts";
import { deepSeek } from "./deepseek/index.ts";
import { fireworks } from "./fireworks/index.ts";
import { groq } from "./groq/index.ts";
import { lmStudio } from "./lm-studio/index.ts";
import { mistral } from "./mistral/index.ts";
import { ollama } from "./ollama/index.ts";
import { openAi } from "./openai/index.ts";
import { openRouter } from "./openrouter/index.ts";
import { sglang } from "./sglang/index.ts";
import { tgi } from "./tgi/index.ts";
import { together } from "./together/index.ts";
import { triton } from "./triton/index.ts";
import { vllm } from "./vllm/index.ts";
import { workersAi } from "./workers-ai/index.ts";
import { xAi } from "./xai/index.ts";
import { anthropic } from "./anthropic/index.ts";
import { gemini } from "./gemini/index.ts";
import { vertexAi } from "./vertex-ai/index.ts";
import { bedrock } from "./bedrock/index.ts";
import { cohere } from "./cohere/index.ts";
import type { ProviderAdapter } from "./provider.ts";
import { runner } from "./runner/index.ts";

/** Every kind of provider that the contract names, and who speaks to it. */
export const providerRegistry: Readonly<Record<ProviderKind, ProviderAdapter>> = {
  runner,
  "openai-compatible": openAiCompatible,
  huggingface: huggingFace,
  openai: openAi,
  "azure-openai": azureOpenAi,
  mistral,
  groq,
  together,
  fireworks,
  deepseek: deepSeek,
  openrouter: openRouter,
  xai: xAi,
  "workers-ai": workersAi,
  vllm,
  sglang,
  tgi,
  ollama,
  "lm-studio": lmStudio,
  triton,
  anthropic,
  gemini,
  "vertex-ai": vertexAi,
  bedrock,
  cohere,
};
