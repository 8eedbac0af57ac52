import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

const account = "0123456789abcdef0123456789abcdef";
const cloudflareError = (code: number, message: string): object => ({
  success: false,
  errors: [{ code, message }],
  result: {},
  messages: [],
});

describeProvider(
  openAiShape({
    kind: "workers-ai",
    model: "@cf/meta/llama-4-scout-17b-16e-instruct",
    provider: { settings: { account_id: account } },
    url: `https://api.cloudflare.com/client/v4/accounts/${account}/ai/v1/chat/completions`,
    faults: {
      "rate-limit": { answer: failure(429, cloudflareError(3040, "No more data centers to forward the request to")) },
      overloaded: { answer: failure(503, cloudflareError(3050, "Model overloaded")) },
      context: {
        answer: failure(
          413,
          cloudflareError(
            5021,
            "AiError: The estimated number of input tokens exceeds this model context window limit (131000).",
          ),
        ),
      },
      auth: { answer: failure(401, cloudflareError(10_000, "Authentication error SECRET")) },
    },
    refuses: { n: 2, logprobs: true },
  }),
);
