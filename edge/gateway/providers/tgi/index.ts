import { allExcept, subsetLacks } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const able = allExcept(...subsetLacks);

/** Text Generation Inference, whose router marks `n` and `logit_bias` of a chat as unused. Embeddings are another server's work (TEI). */
export const tgi = openAiAdapter("tgi", () => able, {
  paths: { embeddings: null },
  rules: {
    chat: {
      renamed: { max_completion_tokens: "max_tokens" },
      refused: { n: [1], logit_bias: [{}], parallel_tool_calls: [true] },
      developerAsSystem: true,
    },
    completions: { refused: { n: [1], logit_bias: [{}], best_of: [1], echo: [false], logprobs: [] } },
  },
});
