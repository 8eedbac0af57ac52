import { type Capability, type ProviderKind, providerKinds } from "@millrace/core/contract";
import type { ProviderAdapter } from "../provider.ts";
import { callOpenAi } from "./call-openai.ts";
import { fileBatches } from "./file-batches.ts";
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
    ...(dialect.batches === undefined ? {} : { batches: fileBatches(dialect, dialect.batches) }),
    call: (call, deps) => callOpenAi(withoutNativeFields(call), deps, dialect),
  };
}
