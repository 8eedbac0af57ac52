import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "fireworks",
    model: "accounts/fireworks/models/llama4-maverick-instruct-basic",
    url: "https://api.fireworks.ai/inference/v1/chat/completions",
    counts: "last-choice",
    faults: {
      "rate-limit": {
        answer: failure(429, { error: { object: "error", type: "rate_limit_error", message: "Too many requests" } }),
      },
      overloaded: {
        answer: failure(503, { error: { object: "error", type: "server_error", message: "Service overloaded" } }),
      },
      context: {
        answer: failure(400, {
          error: {
            object: "error",
            type: "invalid_request_error",
            message: "The prompt is too long: 140000, model maximum context length: 131071",
          },
        }),
      },
      auth: {
        answer: failure(401, {
          error: { object: "error", type: "invalid_request_error", message: "The API key SECRET is invalid" },
        }),
      },
    },
  }),
);
