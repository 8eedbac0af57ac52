import type { ModelCall } from "../../exchange/model-call.ts";
import { allExcept } from "../openai-wire/capability-sets.ts";
import type { Edits } from "../openai-wire/edit-members.ts";
import { markPrefix } from "../openai-wire/mark-prefix.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";
import { withValidToolCallIds } from "./tool-call-ids.ts";
import { mistralBatches } from "./batches.ts";

const able = allExcept("logprobs", "audio-output", "audio-input", "files");
const textOnly = allExcept("logprobs", "audio-output", "audio-input", "files", "images");
/** A model that thinks first opens its turn with the thought, not with what it is given. */
const thinking = allExcept("logprobs", "audio-output", "audio-input", "files", "prefill");
const audio = allExcept("logprobs", "audio-output", "files", "images");

/** Ids that Mistral takes, and `prefix` on a turn to be continued: without it the last role must be user or tool. */
function editMessages({ fields }: ModelCall): Edits {
  const { messages } = fields;
  if (!Array.isArray(messages)) return {};
  const edited = withValidToolCallIds(markPrefix(fields));
  return edited === messages ? {} : { messages: [...edited] };
}

/** Mistral's API rejects every field that it does not know (422 `extra_forbidden`), also where it is null. */
export const mistral = openAiAdapter(
  "mistral",
  (model) => {
    if (/voxtral/.test(model)) return audio;
    if (/magistral/.test(model)) return thinking;
    return /codestral|nemo|embed|devstral-small/.test(model) ? textOnly : able;
  },
  {
    paths: { completions: null },
    batches: mistralBatches,
    rules: {
      chat: {
        renamed: { seed: "random_seed", max_completion_tokens: "max_tokens" },
        refused: {
          logprobs: [false],
          top_logprobs: [0],
          logit_bias: [{}],
          service_tier: ["auto", "default"],
          store: [false],
        },
        // A stream's last event counts the tokens unasked; the question itself is rejected.
        implied: ["stream_options", "user"],
        refusedInMessages: { name: [], refusal: [], annotations: [[]], audio: [], function_call: [] },
        developerAsSystem: true,
        edit: editMessages,
      },
      embeddings: { renamed: { dimensions: "output_dimension" }, implied: ["user", "encoding_format"] },
    },
    // "Prefix Use Cases" in Mistral's cookbook: the answer begins with the prefix.
    repeatsPrefill: true,
  },
);
