import type { ModelCall } from "../../exchange/model-call.ts";
import { asFields } from "../../json/vendor-json.ts";
import { allExcept } from "../openai-wire/capability-sets.ts";
import { openAiPaths } from "../openai-wire/call-openai.ts";
import { markPrefix } from "../openai-wire/mark-prefix.ts";
import { prefillOf } from "../openai-wire/openai-dialect.ts";
import { openAiAdapter } from "../openai-wire/openai-adapter.ts";

const lacking = ["json-schema", "images", "audio-input", "audio-output", "files", "multiple-choices", "seed"] as const;
const chat = allExcept(...lacking);
const reasoner = allExcept(...lacking, "logprobs");

/** Continuing a turn and plain completions are served under `/beta` only (DeepSeek API Docs, "Chat prefix completion", "FIM completion"). */
function address({ surface, fields }: ModelCall, base: string): string {
  const beta = surface === "completions" || prefillOf(fields) !== undefined;
  return beta ? `${base.replace(/\/(?:v1|beta)$/, "")}/beta${openAiPaths[surface]}` : base + openAiPaths[surface];
}

/** DeepSeek. Its finish reason `insufficient_system_resource` is an answer cut short, which the wire reports as such. */
export const deepSeek = openAiAdapter("deepseek", (model) => (/reasoner/.test(model) ? reasoner : chat), {
  address,
  paths: { embeddings: null },
  rules: {
    chat: {
      renamed: { max_completion_tokens: "max_tokens" },
      refused: {
        n: [1],
        seed: [],
        logit_bias: [{}],
        parallel_tool_calls: [true],
        response_format: (value) => asFields(value)?.["type"] === "json_schema",
      },
      refusedParts: new Set(["image_url", "input_audio", "file"]),
      developerAsSystem: true,
      edit: ({ fields }) => {
        const messages = markPrefix(fields);
        return messages === fields["messages"] ? {} : { messages: [...messages] };
      },
    },
    completions: { refused: { n: [1], seed: [], best_of: [1], logit_bias: [{}] } },
  },
});
