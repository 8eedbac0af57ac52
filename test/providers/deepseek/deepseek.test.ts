import { expect } from "vitest";
import { describeProvider } from "../conformance.ts";
import { failure, openAiError, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "deepseek",
    model: "deepseek-chat",
    url: "https://api.deepseek.com/chat/completions",
    counts: "last-choice",
    head: { system_fingerprint: "fp_8802369eaa_prod0425fp8" },
    choice: { logprobs: null },
    unsupported: { images: "messages[0].content[1]", "json-schema": "response_format" },
    sent: { "max-tokens": (body) => expect(body).toMatchObject({ max_tokens: 2 }) },
    faults: {
      "rate-limit": { answer: failure(429, openAiError("Rate limit reached", null, "rate_limit_error")) },
      overloaded: { answer: failure(503, openAiError("Server overloaded", null, "service_unavailable_error")) },
      context: {
        answer: failure(
          400,
          openAiError("This model's maximum context length is 131072 tokens.", "invalid_request_error"),
        ),
      },
      auth: {
        answer: failure(
          401,
          openAiError(
            "Authentication Fails, Your api key: SECRET is invalid",
            "invalid_request_error",
            "authentication_error",
          ),
        ),
      },
    },
    refuses: { n: 2, seed: 7, logit_bias: { "5": 1 }, parallel_tool_calls: false },
  }),
);
