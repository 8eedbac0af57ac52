import { allExcept, subsetLacks } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const able = allExcept(...subsetLacks, "images", "logprobs", "json-object", "json-schema");

/**
 * Triton's OpenAI frontend in front of TensorRT-LLM. What its `triton_engine.py` rejects is refused here with the field's name; what its request
 * converters never read (`response_format`) would be ignored in silence, so that it is refused too.
 */
export const triton = openAiAdapter("triton", () => able, {
  rules: {
    chat: {
      renamed: { max_completion_tokens: "max_tokens" },
      refused: {
        n: [1],
        logit_bias: [{}],
        logprobs: [false],
        top_logprobs: [0],
        response_format: (value) => JSON.stringify(value) !== '{"type":"text"}',
        parallel_tool_calls: [true],
      },
      refusedParts: new Set(["image_url", "input_audio", "file"]),
      developerAsSystem: true,
    },
    completions: {
      refused: {
        n: [1],
        best_of: [1],
        logit_bias: [{}],
        suffix: [],
        logprobs: [0],
        prompt: (value) => typeof value !== "string",
      },
    },
    embeddings: { refused: { dimensions: [] } },
  },
  // Its answer holds the first input's embedding only.
  maxEmbeddingInputs: 1,
});
