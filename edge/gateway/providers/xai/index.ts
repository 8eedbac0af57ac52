import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const lacking = ["audio-input", "audio-output", "prefill"] as const;
const vision = allExcept(...lacking);
const plain = allExcept(...lacking, "images", "files");

/** xAI. `logit_bias` is "unsupported" in its API reference and ignored by its servers; what its reasoning models refuse they refuse themselves. */
export const xAi = openAiAdapter(
  "xai",
  (model) => (/vision|grok-[4-9]/.test(model) && !/code/.test(model) ? vision : plain),
  { rules: { chat: { refused: { logit_bias: [{}] } }, completions: { refused: { logit_bias: [{}] } } } },
);
