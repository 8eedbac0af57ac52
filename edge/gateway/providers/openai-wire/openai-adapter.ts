import { type Capability, type ProviderKind, providerKinds } from "@millrace/core/contract";
import { openAiBatches } from "./openai-batches.ts";
import type { ProviderAdapter } from "../provider.ts";
import { callOpenAi } from "./call-openai.ts";
import type { OpenAiDialect } from "./openai-dialect.ts";
import { withoutNativeFields } from "./without-native-fields.ts";

/** An adapter for a kind that speaks OpenAI's API with these differences. */
export function openAiAdapter(
  kind: ProviderKind,
  capabilities: (model: string) => ReadonlySet<Capability>,
  dialect: OpenAiDialect,
): ProviderAdapter {
  return {
    tier: providerKinds[kind].tier,
    capabilities,
    ...(providerKinds[kind].batches === true ? { batches: openAiBatches(dialect) } : {}),
    call: (call, deps) => callOpenAi(withoutNativeFields(call), deps, dialect),
  };
}
