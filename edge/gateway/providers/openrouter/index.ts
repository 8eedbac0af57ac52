import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

/** What the model behind it cannot do, OpenRouter refuses (with `provider.require_parameters`) or routes around; only it knows. */
const able = allExcept("prefill", "multiple-choices");

/**
 * OpenRouter. Its own fields (`provider`, `models`, `plugins`, `reasoning`, `transforms`) go through as they are; its keep-alive comments are no events,
 * and the errors that it sends inside 200 are errors.
 */
export const openRouter = openAiAdapter("openrouter", () => able, {
  headers: ({ referer, title }) => ({
    ...(referer === undefined ? {} : { "http-referer": referer }),
    ...(title === undefined ? {} : { "x-title": title }),
  }),
  rules: { chat: { refused: { n: [1] } }, completions: { refused: { n: [1], best_of: [1] } } },
});
