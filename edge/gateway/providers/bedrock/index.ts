import { refuseSurface } from "../native-wire/refuse-surface.ts";
import type { ProviderAdapter } from "../provider.ts";
import { callChat } from "./call-chat.ts";
import { callEmbeddings } from "./call-embeddings.ts";
import { capabilities } from "./model-family.ts";

/** Amazon Bedrock's runtime, in one region: every vendor's models through Converse. */
export const bedrock: ProviderAdapter = {
  tier: "cloud",
  capabilities,
  async call(call, deps) {
    if (call.surface === "chat") return callChat(call, deps);
    if (call.surface === "embeddings") return callEmbeddings(call, deps);
    throw refuseSurface(call.surface, "Bedrock");
  },
};
