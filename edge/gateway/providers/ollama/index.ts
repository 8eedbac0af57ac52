import { allExcept, subsetLacks } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const able = allExcept(...subsetLacks);

/** Ollama's "subset of the OpenAI API": what its compatibility page leaves unticked it ignores in silence, so that it is refused here. */
export const ollama = openAiAdapter("ollama", () => able, {
  rules: {
    chat: {
      renamed: { max_completion_tokens: "max_tokens" },
      refused: {
        n: [1],
        logit_bias: [{}],
        tool_choice: (value) => value !== "auto",
        parallel_tool_calls: [true],
      },
      developerAsSystem: true,
    },
    completions: { refused: { n: [1], logit_bias: [{}], best_of: [1], echo: [false] } },
  },
});
