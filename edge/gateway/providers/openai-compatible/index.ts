import { callOpenAi } from "../openai-wire/call-openai.ts";
import type { ProviderAdapter } from "../provider.ts";

/** Any server that speaks OpenAI's format, by URL. */
export const openAiCompatible: ProviderAdapter = {
  tier: "cloud",
  call: (resolution, deps) => callOpenAi(resolution, deps, { trustCodes: false }),
};
