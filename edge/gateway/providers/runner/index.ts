import { callOpenAi } from "../openai-wire/call-openai.ts";
import { basicsAnd } from "../openai-wire/capability-sets.ts";
import { withoutNativeFields } from "../openai-wire/without-native-fields.ts";
import type { ProviderAdapter } from "../provider.ts";

const capabilities = basicsAnd("multiple-choices", "logprobs");

/** The team's own runner: OpenAI's format, and our own error codes in it. */
export const runner: ProviderAdapter = {
  tier: "local",
  capabilities: () => capabilities,
  call: (call, deps) => callOpenAi(withoutNativeFields(call), deps, { trustCodes: true }),
};
