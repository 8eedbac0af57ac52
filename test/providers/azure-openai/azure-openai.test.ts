import { expect } from "vitest";
import { sseEvent } from "../provider-fixture.ts";
import { describeProvider } from "../conformance.ts";
import { failure, openAiError, openAiShape } from "../openai-shape.ts";

const filters = {
  hate: { filtered: false, severity: "safe" },
  jailbreak: { detected: false, filtered: false },
};

describeProvider(
  openAiShape({
    kind: "azure-openai",
    model: "gpt-4.1",
    provider: { base_url: "https://acme.openai.azure.com", settings: { api_version: "2024-10-21" } },
    url: "https://acme.openai.azure.com/openai/deployments/gpt-4.1/chat/completions?api-version=2024-10-21",
    secretHeader: "api-key",
    head: { system_fingerprint: "fp_ee1d74bde0" },
    choice: { content_filter_results: filters, logprobs: null },
    preamble: [
      sseEvent({
        choices: [],
        created: 0,
        id: "",
        model: "",
        object: "",
        prompt_filter_results: [{ prompt_index: 0, content_filter_results: filters }],
      }),
    ],
    sent: { "max-tokens": (body) => expect(body).toMatchObject({ max_tokens: 2 }) },
    faults: {
      "rate-limit": {
        answer: failure(
          429,
          {
            error: {
              code: "429",
              message: "Requests have exceeded the call rate limit. Please retry after 6 seconds.",
            },
          },
          { "retry-after": "6", "retry-after-ms": "6000" },
        ),
        retryAfterSeconds: 6,
      },
      overloaded: { answer: failure(503, { error: { code: "InternalServerError", message: "Backend unavailable" } }) },
      context: {
        answer: failure(
          400,
          openAiError("This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        ),
      },
      auth: {
        answer: failure(401, {
          error: {
            code: "401",
            message: "Access denied due to invalid subscription key SECRET or wrong API endpoint.",
          },
        }),
      },
    },
  }),
);
