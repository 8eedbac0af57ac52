import { refuseSurface } from "../native-wire/refuse-surface.ts";
import { basicsAnd } from "../openai-wire/capability-sets.ts";
import type { ProviderAdapter } from "../provider.ts";
import { callChat } from "./call-chat.ts";
import { callCompletion } from "./call-completion.ts";
import { callEmbeddings } from "./call-embeddings.ts";

const capabilities = basicsAnd("images", "logprobs");

/** Hugging Face: every inference provider that its library knows, and dedicated Inference Endpoints. */
export const huggingFace: ProviderAdapter = {
  tier: "cloud",
  capabilities: () => capabilities,
  async call(call, deps) {
    switch (call.surface) {
      case "chat":
        return callChat(call, deps);
      case "completions":
        return callCompletion(call, deps);
      case "embeddings":
        return callEmbeddings(call, deps);
      case "moderations":
      case "image-generations":
      case "image-edits":
      case "image-variations":
      case "speech":
      case "transcriptions":
      case "translations":
        throw refuseSurface(call.surface, "Hugging Face");
    }
  },
};
