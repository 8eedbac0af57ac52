import { expect } from "vitest";
import { describeProvider } from "../conformance.ts";
import { failure, openAiError, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "together",
    model: "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8",
    url: "https://api.together.xyz/v1/chat/completions",
    stopReason: "eos",
    choice: { seed: 12_345, logprobs: null },
    sent: { "max-tokens": (body) => expect(body).toMatchObject({ max_tokens: 2 }) },
    faults: {
      "rate-limit": {
        answer: failure(
          429,
          openAiError(
            "You have reached the rate limit specific to this model.",
            "dynamic_request_limited",
            "rate_limit",
          ),
          {
            "x-ratelimit-reset": "3",
            "retry-after": "3",
          },
        ),
        retryAfterSeconds: 3,
      },
      overloaded: {
        answer: failure(503, openAiError("The server is overloaded or not ready yet.", null, "service_unavailable")),
      },
      context: {
        answer: failure(
          422,
          openAiError("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 131073.", null),
        ),
      },
      auth: { answer: failure(401, openAiError("Invalid API key provided: SECRET", "invalid_api_key")) },
    },
    refuses: { logprobs: true },
  }),
);
