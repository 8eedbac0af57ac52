import { expect } from "vitest";
import { describeProvider } from "../conformance.ts";
import { failure, openAiError, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "openai",
    model: "gpt-5-mini",
    url: "https://api.openai.com/v1/chat/completions",
    provider: { settings: { organization: "org-millrace", project: "proj_1" } },
    head: { service_tier: "default", system_fingerprint: "fp_50cad350e4" },
    choice: { logprobs: null },
    sent: {
      // A reasoning model: "Unsupported parameter: 'max_tokens' is not supported with this model."
      "max-tokens": (body) => expect(body).toMatchObject({ max_completion_tokens: 2 }),
    },
    faults: {
      "rate-limit": {
        answer: failure(
          429,
          openAiError("Rate limit reached for gpt-5-mini on tokens per min (TPM).", "rate_limit_exceeded", "tokens"),
          {
            "retry-after": "2",
            "retry-after-ms": "1250",
          },
        ),
        retryAfterSeconds: 2,
      },
      overloaded: {
        answer: failure(
          503,
          openAiError("The engine is currently overloaded, please try again later", null, "server_error"),
        ),
      },
      context: {
        answer: failure(
          400,
          openAiError("Your input exceeds the context window of this model.", "context_length_exceeded"),
        ),
      },
      auth: { answer: failure(401, openAiError("Incorrect API key provided: SECRET.", "invalid_api_key")) },
    },
  }),
);
