import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";
import { prefillOf } from "../openai-wire/openai-dialect.ts";

const able = allExcept("audio-output", "files");

/** SGLang. Its own fields (`regex`, `ebnf`, `separate_reasoning`, …) go through as they are. */
export const sglang = openAiAdapter("sglang", () => able, {
  rules: {
    chat: {
      developerAsSystem: true,
      // sgl-project/sglang#4226; unlike vLLM it has no second switch to turn off.
      edit: ({ fields }) =>
        fields["continue_final_message"] !== undefined || prefillOf(fields) === undefined
          ? {}
          : { continue_final_message: true },
    },
    completions: { refused: { suffix: [""] } },
  },
  takesTokens: true,
});
