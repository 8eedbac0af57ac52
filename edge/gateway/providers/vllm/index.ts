import { allExcept } from "../openai-wire/capability-sets.ts";
import { continueFinalMessage } from "../openai-wire/continue-final-message.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

/** Whether the loaded model sees or hears, its name here does not tell; the server refuses it then. */
const able = allExcept("audio-output", "files");

/** vLLM. Its own fields (`structured_outputs`, `guided_json`, `top_k`, `chat_template_kwargs`, …) go through as they are. */
export const vllm = openAiAdapter("vllm", () => able, {
  rules: {
    chat: { developerAsSystem: true, edit: ({ fields }) => continueFinalMessage(fields) },
    completions: { refused: { suffix: [""] } },
  },
  takesTokens: true,
});
