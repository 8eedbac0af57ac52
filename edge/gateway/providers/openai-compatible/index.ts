import { type Capability, capabilitySchema } from "@millrace/core/contract";
import { callOpenAi } from "../openai-wire/call-openai.ts";
import { withoutNativeFields } from "../openai-wire/without-native-fields.ts";
import type { ProviderAdapter } from "../provider.ts";

/** Nobody can know what a server by URL can do: it is asked, and its refusal is passed on. Continuing an assistant's turn is the exception, because servers ignore it in silence. */
const capabilities: ReadonlySet<Capability> = new Set(
  capabilitySchema.options.filter((capability) => capability !== "prefill"),
);

/** Any server that speaks OpenAI's format, by URL. */
export const openAiCompatible: ProviderAdapter = {
  tier: "cloud",
  capabilities: () => capabilities,
  call: (call, deps) => callOpenAi(withoutNativeFields(call), deps, { takesTokens: true }),
};
