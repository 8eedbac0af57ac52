import { describeProvider } from "../conformance.ts";
import { failure, openAiError, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "lm-studio",
    model: "qwen/qwen3-vl-8b",
    provider: { base_url: "http://127.0.0.1:1234/v1" },
    url: "http://127.0.0.1:1234/v1/chat/completions",
    head: { system_fingerprint: "qwen/qwen3-vl-8b" },
    choice: { logprobs: null },
    faults: {
      "rate-limit": { answer: failure(429, { error: "Too many requests" }) },
      overloaded: { answer: failure(503, { error: "Model is loading" }) },
      context: {
        answer: failure(400, {
          error:
            "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
        }),
      },
      auth: { answer: failure(401, openAiError("An LM Studio API token is required, not SECRET", "invalid_api_key")) },
    },
    refuses: { n: 2, logprobs: true, response_format: { type: "json_object" } },
  }),
);
