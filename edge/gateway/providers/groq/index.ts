import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";
import { openAiBatches } from "../openai-wire/batch-dialect.ts";

const lacking = ["logprobs", "multiple-choices", "audio-input", "audio-output", "files"] as const;
const vision = allExcept(...lacking);
const structured = allExcept(...lacking, "images");
const gptOss = allExcept(...lacking, "images", "parallel-tools", "prefill");
const plain = allExcept(...lacking, "images", "json-schema");
/** A model that thinks first opens its turn with the thought, not with what it is given. */
const thinking = allExcept(...lacking, "images", "json-schema", "prefill");

/** Groq. "The following fields are currently not supported and will result in a 400 error" (GroqDocs, OpenAI compatibility); "Assistant message prefilling" is. */
export const groq = openAiAdapter(
  "groq",
  (model) => {
    if (/gpt-oss/.test(model)) return gptOss;
    if (/llama-4|vision/.test(model)) return vision;
    if (/kimi/.test(model)) return structured;
    return /qwen-?3|qwq|-r1/.test(model) ? thinking : plain;
  },
  {
    paths: { completions: null, embeddings: null },
    batches: openAiBatches,
    rules: {
      chat: {
        refused: { logprobs: [false], top_logprobs: [0], logit_bias: [{}], n: [1] },
        refusedInMessages: { name: [] },
        developerAsSystem: true,
      },
    },
  },
);
