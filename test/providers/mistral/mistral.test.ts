import { expect } from "vitest";
import { describeProvider } from "../conformance.ts";
import { failure, openAiShape } from "../openai-shape.ts";

describeProvider(
  openAiShape({
    kind: "mistral",
    model: "mistral-large-latest",
    url: "https://api.mistral.ai/v1/chat/completions",
    counts: "last-choice",
    sent: {
      text: (body) => {
        expect(body).not.toHaveProperty("stream_options");
        expect(body["max_tokens"]).toBe(64);
      },
      "tool-results": (body) => {
        const [, asked, first, second] = body["messages"] as [
          unknown,
          { tool_calls: { id: string }[] },
          ...{ tool_call_id: string }[],
        ];
        const ids = asked.tool_calls.map((call) => call.id);
        for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9]{9}$/);
        expect([first?.tool_call_id, second?.tool_call_id]).toEqual(ids);
        expect(new Set(ids).size).toBe(2);
      },
    },
    faults: {
      "rate-limit": {
        answer: failure(429, { message: "Requests rate limit exceeded" }, { "retry-after": "1" }),
        retryAfterSeconds: 1,
      },
      overloaded: {
        answer: failure(429, {
          object: "error",
          message: "Service tier capacity exceeded for this model.",
          type: "service_tier_capacity_exceeded",
          param: null,
          code: "3505",
        }),
      },
      context: {
        answer: failure(400, {
          object: "error",
          message:
            "Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length",
          type: "invalid_request_invalid_args",
          param: null,
          code: "3051",
        }),
      },
      auth: { answer: failure(401, { detail: "Unauthorized SECRET" }) },
    },
    refuses: { logprobs: true, logit_bias: { "5": 1 } },
  }),
);
