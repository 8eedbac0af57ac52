import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "xai",
    model: "grok-4",
    url: "https://api.x.ai/v1/chat/completions",
    head: { system_fingerprint: "fp_156d35dcaa" },
    faults: {
      "rate-limit": {
        answer: failure(429, { code: "Some resource has been exhausted", error: "Too many requests for team acme." }),
      },
      overloaded: {
        answer: failure(503, {
          code: "The service is currently unavailable",
          error: "Service temporarily unavailable.",
        }),
      },
      context: {
        answer: failure(400, {
          code: "Client specified an invalid argument",
          error: "This model's maximum prompt length is 256000 but the request contains 300000 tokens.",
        }),
      },
      auth: {
        answer: failure(400, {
          code: "Client specified an invalid argument",
          error: "Incorrect API key provided: SECRET. You can obtain an API key from https://console.x.ai.",
        }),
      },
    },
    refuses: { logit_bias: { "5": 1 } },
  }),
);
