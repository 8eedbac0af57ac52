import type { Capability } from "@millrace/core/contract";
import { callOpenAi } from "../openai-wire/call-openai.ts";
import { withoutNativeFields } from "../openai-wire/without-native-fields.ts";
import type { ProviderAdapter } from "../provider.ts";

const capabilities: ReadonlySet<Capability> = new Set<Capability>([
  "streaming",
  "tools",
  "parallel-tools",
  "json-object",
  "json-schema",
  "multiple-choices",
  "seed",
  "logprobs",
]);

/** The team's own runner: OpenAI's format, and our own error codes in it. */
export const runner: ProviderAdapter = {
  tier: "local",
  capabilities: () => capabilities,
  call: (call, deps) => callOpenAi(withoutNativeFields(call), deps, { trustCodes: true }),
};
