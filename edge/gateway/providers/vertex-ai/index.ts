import { callGemini } from "../gemini/call-gemini.ts";
import { capabilities } from "../gemini/capabilities.ts";
import { refuseSurface } from "../native-wire/refuse-surface.ts";
import type { ProviderAdapter } from "../provider.ts";
import { withAccess } from "./authenticate.ts";
import { callEmbeddings } from "./call-embeddings.ts";

/** Google's models on Vertex AI, in a project and a region of Google Cloud. */
export const vertexAi: ProviderAdapter = {
  tier: "cloud",
  capabilities,
  async call(call, deps) {
    if (call.surface === "chat")
      return withAccess(call, deps, (vertex) => callGemini(call, vertex.access, vertex.deps));
    if (call.surface === "embeddings")
      return withAccess(call, deps, (vertex) => callEmbeddings(call, vertex.access, vertex.deps));
    throw refuseSurface(call.surface, "Vertex AI");
  },
};
