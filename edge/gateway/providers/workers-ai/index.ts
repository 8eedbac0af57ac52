import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const lacking = [
  "audio-input",
  "audio-output",
  "files",
  "multiple-choices",
  "logprobs",
  "prefill",
  "parallel-tools",
] as const;
const vision = allExcept(...lacking);
const plain = allExcept(...lacking, "images");

/** Cloudflare Workers AI through its OpenAI-compatible endpoints. */
export const workersAi = openAiAdapter(
  "workers-ai",
  (model) => (/vision|llama-4|gemma-3|mistral-small-3\.1|llava/.test(model) ? vision : plain),
  {
    paths: { completions: null },
    rules: {
      chat: {
        renamed: { max_completion_tokens: "max_tokens" },
        refused: { n: [1], logprobs: [false], top_logprobs: [0], logit_bias: [{}] },
        developerAsSystem: true,
      },
      embeddings: { refused: { dimensions: [] }, implied: ["encoding_format"] },
    },
    // "Maximum 100 items" in the input schema of its text-embedding models.
    maxEmbeddingInputs: 100,
  },
);
