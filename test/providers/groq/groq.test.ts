import { describeProvider } from "../conformance.ts";
import { failure, openAiError, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "groq",
    model: "meta-llama/llama-4-scout-17b-16e-instruct",
    url: "https://api.groq.com/openai/v1/chat/completions",
    counts: "x_groq",
    head: { system_fingerprint: "fp_37da608fc1" },
    choice: { logprobs: null },
    faults: {
      "rate-limit": {
        answer: failure(
          429,
          openAiError(
            "Rate limit reached for model in organization org_1 on tokens per minute (TPM)",
            "rate_limit_exceeded",
            "tokens",
          ),
          {
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-reset-requests": "2m59.56s",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "7.66s",
          },
        ),
        retryAfterSeconds: 8,
      },
      overloaded: { answer: failure(498, openAiError("Flex tier capacity exceeded", null, "internal_server_error")) },
      context: {
        answer: failure(
          400,
          openAiError("Please reduce the length of the messages or completion.", "context_length_exceeded"),
        ),
      },
      auth: { answer: failure(401, openAiError("Invalid API Key SECRET", "invalid_api_key")) },
    },
    refuses: { n: 2, logprobs: true, top_logprobs: 3, logit_bias: { "5": 1 } },
  }),
);
