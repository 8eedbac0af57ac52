import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "tgi",
    model: "meta-llama/Llama-3.2-11B-Vision-Instruct",
    provider: { base_url: "http://gpu.internal:8080/v1" },
    url: "http://gpu.internal:8080/v1/chat/completions",
    head: { system_fingerprint: "3.3.6-sha-1234567" },
    choice: { logprobs: null },
    stopReason: "eos_token",
    streamError: {
      event:
        'data: {"error":"Request failed during generation: Server error: CUDA out of memory","error_type":"generation"}\n\n',
      code: "upstream-failed",
    },
    faults: {
      "rate-limit": { answer: failure(429, { error: "Model is overloaded", error_type: "overloaded" }) },
      overloaded: { answer: failure(503, { error: "Service unavailable", error_type: "overloaded" }) },
      context: {
        answer: failure(422, {
          error:
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 64 `max_new_tokens`",
          error_type: "validation",
        }),
      },
      auth: { answer: failure(401, "SECRET is not authorized") },
    },
    refuses: { n: 2, logit_bias: { "5": 1 } },
  }),
);
