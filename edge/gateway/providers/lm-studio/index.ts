import { asFields } from "../../json/vendor-json.ts";
import { allExcept, subsetLacks } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const able = allExcept(...subsetLacks, "logprobs", "json-object");

/** LM Studio: the payload parameters of its OpenAI-compatibility page. `tool_choice` is one of three words, `response_format` text or a schema. */
export const lmStudio = openAiAdapter("lm-studio", () => able, {
  rules: {
    chat: {
      renamed: { max_completion_tokens: "max_tokens" },
      refused: {
        n: [1],
        logprobs: [false],
        top_logprobs: [0],
        tool_choice: (value) => typeof value !== "string",
        response_format: (value) => asFields(value)?.["type"] === "json_object",
        parallel_tool_calls: [true],
      },
      developerAsSystem: true,
    },
    completions: { refused: { n: [1], best_of: [1], echo: [false], suffix: [""] } },
    embeddings: { refused: { dimensions: [] }, implied: ["encoding_format"] },
  },
});
