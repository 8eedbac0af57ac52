import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "triton",
    model: "llama-3.1-8b-instruct",
    provider: { base_url: "http://gpu.internal:9000/v1" },
    url: "http://gpu.internal:9000/v1/chat/completions",
    head: { system_fingerprint: null },
    choice: { logprobs: null },
    unsupported: { images: "messages[0].content[1]", "json-schema": "response_format" },
    faults: {
      "rate-limit": { answer: failure(429, { detail: "Too many requests" }) },
      overloaded: { answer: failure(503, { detail: "Service unavailable" }) },
      context: {
        answer: failure(400, {
          detail: "Input is too long: prompt length (5000) exceeds the model's maximum context length (4096)",
        }),
      },
      auth: { answer: failure(401, { detail: "SECRET is unauthorized" }) },
    },
    refuses: { n: 2, logit_bias: { "5": 1 }, logprobs: true },
  }),
);
