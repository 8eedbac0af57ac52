import { callOpenAi } from "../openai-wire/call-openai.ts";
import type { ProviderAdapter } from "../provider.ts";

/** The team's own runner: OpenAI's format, and our own error codes in it. */
export const runner: ProviderAdapter = {
  tier: "local",
  call: (resolution, deps) => callOpenAi(resolution, deps, { trustCodes: true }),
};
