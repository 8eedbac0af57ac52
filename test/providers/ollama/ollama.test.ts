import { describeProvider } from "../conformance.ts";
import { failure, openAiError, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "ollama",
    model: "gemma3:12b",
    provider: { base_url: "http://127.0.0.1:11434/v1" },
    url: "http://127.0.0.1:11434/v1/chat/completions",
    head: { system_fingerprint: "fp_ollama" },
    unsupported: { tools: "tool_choice" },
    faults: {
      "rate-limit": { answer: failure(429, openAiError("too many requests", null, "api_error")) },
      overloaded: {
        answer: failure(
          503,
          openAiError("server busy, please try again. maximum pending requests exceeded", null, "api_error"),
        ),
      },
      context: { answer: failure(400, openAiError("the input length exceeds the context length", null)) },
      auth: { answer: failure(401, openAiError("unauthorized SECRET", null, "api_error")) },
    },
    refuses: { n: 2, logit_bias: { "5": 1 }, tool_choice: "required" },
  }),
);
