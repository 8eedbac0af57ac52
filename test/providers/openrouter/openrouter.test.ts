import { sseEvent } from "../provider-fixture.ts";
import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "openrouter",
    model: "qwen/qwen3-vl-235b-a22b-instruct",
    url: "https://openrouter.ai/api/v1/chat/completions",
    head: { provider: "DeepInfra", id: "gen-1763800000-abcdef" },
    choice: { native_finish_reason: "stop" },
    preamble: [": OPENROUTER PROCESSING\n\n"],
    unknownEvent: ": OPENROUTER PROCESSING\n\n",
    streamError: {
      event: sseEvent({
        id: "gen-1763800000-abcdef",
        object: "chat.completion.chunk",
        created: 1_763_800_000,
        model: "qwen/qwen3-vl-235b-a22b-instruct",
        provider: "DeepInfra",
        error: { code: 502, message: "Provider disconnected unexpectedly" },
        choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
      }),
      code: "upstream-failed",
    },
    faults: {
      "rate-limit": {
        answer: failure(
          429,
          {
            error: {
              code: 429,
              message: "Rate limit exceeded: free-models-per-min.",
              metadata: { provider_name: "DeepInfra" },
            },
          },
          { "retry-after": "9" },
        ),
        retryAfterSeconds: 9,
      },
      overloaded: {
        answer: failure(503, {
          error: { code: 503, message: "No available model provider meets your routing requirements" },
        }),
      },
      context: {
        answer: failure(400, {
          error: {
            code: 400,
            message:
              "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens.",
          },
        }),
      },
      auth: { answer: failure(401, { error: { code: 401, message: "No auth credentials found for SECRET" } }) },
    },
    refuses: { n: 2 },
  }),
);
