import { sseEvent } from "../provider-fixture.ts";
import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "sglang",
    model: "Qwen/Qwen2.5-VL-7B-Instruct",
    provider: { base_url: "http://gpu.internal:8000/v1" },
    url: "http://gpu.internal:8000/v1/chat/completions",
    head: { metadata: { weight_version: "default" } },
    choice: { logprobs: null, matched_stop: null },
    streamError: {
      event: sseEvent({ object: "error", message: "engine died", type: "InternalServerError", param: null, code: 503 }),
      code: "upstream-overloaded",
    },
    faults: {
      "rate-limit": {
        answer: failure(429, { object: "error", message: "Too many requests", type: "RateLimitError", code: 429 }),
      },
      overloaded: {
        answer: failure(503, {
          object: "error",
          message: "The server is too busy",
          type: "ServiceUnavailable",
          code: 503,
        }),
      },
      context: {
        answer: failure(400, {
          object: "error",
          message: "The input (40000 tokens) is longer than the model's context length (32768 tokens).",
          type: "BadRequestError",
          param: null,
          code: 400,
        }),
      },
      auth: { answer: failure(401, { error: "Unauthorized" }) },
    },
  }),
);
