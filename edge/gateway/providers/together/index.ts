import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";
import { togetherBatches } from "./batches.ts";

const lacking = ["logprobs", "audio-input", "audio-output", "files", "prefill"] as const;
const vision = allExcept(...lacking);
const plain = allExcept(...lacking, "images");

/**
 * Together AI. Its `logprobs` is a number and its answer to it has another form than OpenAI's, so that asking in OpenAI's words is refused; so is
 * `safety_model`, a second model that no route names.
 */
export const together = openAiAdapter(
  "together",
  (model) => (/vision|-vl|llama-4|gemma-3|pixtral|kimi-k2\.5/i.test(model) ? vision : plain),
  {
    batches: togetherBatches,
    rules: {
      chat: {
        refused: { logprobs: [false], top_logprobs: [0], safety_model: [] },
        renamed: { max_completion_tokens: "max_tokens" },
        developerAsSystem: true,
      },
      completions: { refused: { suffix: [""], best_of: [1], safety_model: [] } },
      embeddings: { refused: { dimensions: [] }, implied: ["encoding_format"] },
    },
  },
);
