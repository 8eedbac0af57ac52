import type { Capability } from "@millrace/core/contract";
import type { FieldRules } from "../openai-wire/openai-dialect.ts";
import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";
import { openAiBatches } from "../openai-wire/batch-dialect.ts";

/** Models that think first. They reject `max_tokens` ("use max_completion_tokens instead"), which others still take (OpenAI API reference). */
const REASONING = /^(?:ft:)?(?:o\d|gpt-[5-9])/;
const AUDIO = /audio|realtime/;
/** Models from before images; what the name does not tell is taken for able. */
const TEXT_ONLY = /^(?:ft:)?(?:gpt-3\.5|gpt-4(?:-\d{4})?$|gpt-4-32k|o1-mini|o3-mini|o1-preview|babbage|davinci)/;

const general = allExcept("prefill", "audio-input", "audio-output");
const textOnly = allExcept("prefill", "audio-input", "audio-output", "images", "files");
const audio = allExcept("prefill", "images", "files", "json-schema", "json-object");
const reasoning = allExcept("prefill", "audio-input", "audio-output", "logprobs");
/** The o series calls one tool at a time and answers once. */
const oSeries = allExcept("prefill", "audio-input", "audio-output", "logprobs", "parallel-tools", "multiple-choices");

/** What OpenAI's models can do; Azure deploys the same ones. */
export function openAiCapabilities(model: string): ReadonlySet<Capability> {
  if (AUDIO.test(model)) return audio;
  if (TEXT_ONLY.test(model)) return textOnly;
  if (/^(?:ft:)?o\d/.test(model)) return oSeries;
  return REASONING.test(model) ? reasoning : general;
}

/** `max_tokens` under its new name, for the models that only know that one. */
export const openAiChatRules: FieldRules = {
  edit: ({ fields, target }) => {
    const limit = fields["max_tokens"];
    if (limit === undefined || limit === null || !REASONING.test(target.model)) return {};
    const other = fields["max_completion_tokens"];
    // Both set: the vendor refuses the old one, and says so better than we could.
    return other === undefined || other === null ? { max_tokens: undefined, max_completion_tokens: limit } : {};
  },
};

/** OpenAI itself. */
export const openAi = openAiAdapter("openai", openAiCapabilities, {
  headers: ({ organization, project }) => ({
    ...(organization === undefined ? {} : { "openai-organization": organization }),
    ...(project === undefined ? {} : { "openai-project": project }),
  }),
  rules: { chat: openAiChatRules },
  takesTokens: true,
  batches: openAiBatches,
});
