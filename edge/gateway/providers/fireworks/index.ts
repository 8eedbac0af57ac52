import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const lacking = ["audio-input", "audio-output", "files", "prefill"] as const;
const vision = allExcept(...lacking);
const plain = allExcept(...lacking, "images");

/** Fireworks AI: OpenAI's API with names of its own for the roles of a chat. */
export const fireworks = openAiAdapter(
  "fireworks",
  (model) => (/vision|-vl|llama4|llama-v4|phi-3-vision|kimi-k2p5/i.test(model) ? vision : plain),
  { rules: { chat: { developerAsSystem: true }, completions: { refused: { suffix: [""], best_of: [1] } } } },
);
