import type { ModelCall } from "../../exchange/model-call.ts";
import { addressOf } from "../native-wire/address-of.ts";
import { refuseSurface } from "../native-wire/refuse-surface.ts";
import type { CallDeps, ProviderAdapter } from "../provider.ts";
import { geminiBatches } from "./batches.ts";
import { callEmbeddings } from "./call-embeddings.ts";
import { callGemini, type GeminiAccess } from "./call-gemini.ts";
import { capabilities } from "./capabilities.ts";

function accessOf(call: ModelCall, deps: CallDeps): GeminiAccess {
  return {
    resource: `${addressOf(call.target.provider)}/models/${encodeURIComponent(call.target.model)}`,
    headers: deps.secret === undefined ? {} : { "x-goog-api-key": deps.secret },
  };
}

/** Google's Gemini API, with an API key of AI Studio. */
export const gemini: ProviderAdapter = {
  tier: "cloud",
  capabilities,
  batches: geminiBatches,
  async call(call, deps) {
    if (call.surface === "chat") return callGemini(call, accessOf(call, deps), deps);
    if (call.surface === "embeddings") return callEmbeddings(call, accessOf(call, deps), deps);
    throw refuseSurface(call.surface, "Gemini");
  },
};
