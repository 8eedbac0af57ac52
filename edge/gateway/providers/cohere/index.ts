import { refuseSurface } from "../native-wire/refuse-surface.ts";
import type { ProviderAdapter } from "../provider.ts";
import { callChat } from "./call-chat.ts";
import { callEmbeddings } from "./call-embeddings.ts";
import { capabilities } from "./capabilities.ts";

/** Cohere's v2 API. */
export const cohere: ProviderAdapter = {
  tier: "cloud",
  capabilities,
  async call(call, deps) {
    if (call.surface === "chat") return callChat(call, deps);
    if (call.surface === "embeddings") return callEmbeddings(call, deps);
    throw refuseSurface(call.surface, "Cohere");
  },
};
