import type { ProviderAdapter } from "../provider.ts";
import { callChat } from "./call-chat.ts";
import { callCompletion } from "./call-completion.ts";
import { callEmbeddings } from "./call-embeddings.ts";

/** Hugging Face: every inference provider that its library knows, and dedicated Inference Endpoints. */
export const huggingFace: ProviderAdapter = {
  tier: "cloud",
  call(resolution, deps) {
    switch (resolution.surface) {
      case "chat":
        return callChat(resolution, deps);
      case "completions":
        return callCompletion(resolution, deps);
      case "embeddings":
        return callEmbeddings(resolution, deps);
    }
  },
};
