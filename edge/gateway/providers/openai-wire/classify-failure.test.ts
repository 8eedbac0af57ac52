import { describe, expect, it } from "vitest";
import { classifyErrorEvent, classifyFailure, retryAfterSeconds, scrub } from "./classify-failure.ts";

const context = { secret: "s3cret-value", trustCodes: false, nowMs: Date.UTC(2026, 10, 22) };
const error = (fields: object): string => JSON.stringify({ error: fields });

describe("classifyFailure", () => {
  it.each([
    [400, error({ message: "bad" }), "invalid-request"],
    [400, error({ message: "x", code: "context_length_exceeded" }), "context-too-long"],
    [413, error({ message: "prompt is too long" }), "context-too-long"],
    [422, JSON.stringify({ detail: "odd" }), "invalid-request"],
    [400, error({ message: "no", code: "unsupported_parameter" }), "unsupported-parameter"],
    [401, "", "upstream-unauthorized"],
    [403, "<html>", "upstream-unauthorized"],
    [404, error({ message: "no model" }), "upstream-rejected"],
    [408, "", "upstream-timeout"],
    [429, "", "upstream-overloaded"],
    [500, "", "upstream-failed"],
    [503, "", "upstream-overloaded"],
    [504, "", "upstream-timeout"],
    [529, "", "upstream-overloaded"],
  ] as const)("%i %s is %s", (...[status, body, code]) => {
    expect(classifyFailure({ status, retryAfter: undefined, body }, context).code).toBe(code);
  });

  it.each([
    [
      "OpenAI: nothing left",
      429,
      error({
        message: "You exceeded your current quota, please check your plan and billing details.",
        type: "insufficient_quota",
        param: null,
        code: "insufficient_quota",
      }),
      "upstream-quota-exhausted",
    ],
    [
      "OpenAI: too fast",
      429,
      error({
        message: "Rate limit reached for gpt-4.1 in organization org-1 on tokens per min (TPM): Limit 30000",
        type: "tokens",
        param: null,
        code: "rate_limit_exceeded",
      }),
      "upstream-overloaded",
    ],
    [
      "OpenAI: wrong key",
      401,
      error({
        message: "Incorrect API key provided: sk-abc.",
        type: "invalid_request_error",
        param: null,
        code: "invalid_api_key",
      }),
      "upstream-unauthorized",
    ],
    [
      "OpenAI: no such model",
      404,
      error({
        message: "The model `gpt-9` does not exist",
        type: "invalid_request_error",
        param: null,
        code: "model_not_found",
      }),
      "upstream-rejected",
    ],
    [
      "OpenAI: a reasoning model's fixed temperature",
      400,
      error({
        message: "Unsupported value: 'temperature' does not support 0.7 with this model.",
        type: "invalid_request_error",
        param: "temperature",
        code: "unsupported_value",
      }),
      "unsupported-parameter",
    ],
    [
      "Azure: content filter",
      400,
      error({
        message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        type: null,
        param: "prompt",
        code: "content_filter",
        status: 400,
        innererror: { code: "ResponsibleAIPolicyViolation" },
      }),
      "content-filtered",
    ],
    [
      "Azure: no such deployment",
      404,
      error({ code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." }),
      "upstream-rejected",
    ],
    [
      "Mistral: an unknown field",
      422,
      JSON.stringify({
        object: "error",
        message: {
          detail: [
            { type: "extra_forbidden", loc: ["body", "logit_bias"], msg: "Extra inputs are not permitted", input: {} },
          ],
        },
        type: "invalid_request_error",
        param: null,
        code: null,
      }),
      "invalid-request",
    ],
    [
      "Mistral: full",
      429,
      JSON.stringify({
        object: "error",
        message: "Service tier capacity exceeded for this model.",
        type: "service_tier_capacity_exceeded",
        param: null,
        code: "3505",
      }),
      "upstream-overloaded",
    ],
    [
      "Mistral: too long",
      400,
      JSON.stringify({
        object: "error",
        message:
          "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        type: "invalid_request_invalid_args",
        param: null,
        code: "3051",
      }),
      "context-too-long",
    ],
    ["Mistral: wrong key", 401, JSON.stringify({ detail: "Unauthorized" }), "upstream-unauthorized"],
    [
      "Groq: more than a minute allows",
      413,
      error({
        message:
          "Request too large for model `llama-3.1-8b-instant` on tokens per minute (TPM): Limit 6000, Requested 9000",
        type: "tokens",
        code: "rate_limit_exceeded",
      }),
      "upstream-rejected",
    ],
    [
      "Groq: a tool call that is none",
      400,
      error({
        message: "Failed to call a function.",
        type: "invalid_request_error",
        code: "tool_use_failed",
        failed_generation: "<function>",
      }),
      "upstream-garbage",
    ],
    ["Groq: flex tier full", 498, error({ message: "Flex tier capacity exceeded" }), "upstream-overloaded"],
    [
      "DeepSeek: no balance",
      402,
      error({ message: "Insufficient Balance", type: "unknown_error", param: null, code: "invalid_request_error" }),
      "upstream-quota-exhausted",
    ],
    [
      "OpenRouter: no credits",
      402,
      error({ code: 402, message: "Insufficient credits. Add more using https://openrouter.ai/credits" }),
      "upstream-quota-exhausted",
    ],
    [
      "OpenRouter: flagged",
      403,
      error({ code: 403, message: "Input was flagged", metadata: { reasons: ["violence"], flagged_input: "…" } }),
      "content-filtered",
    ],
    [
      "Fireworks: suspended",
      412,
      error({
        object: "error",
        type: "invalid_request_error",
        message:
          "Account acme is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.",
      }),
      "upstream-quota-exhausted",
    ],
    [
      "xAI: wrong key",
      400,
      JSON.stringify({ code: "Client specified an invalid argument", error: "Incorrect API key provided: xa***yz." }),
      "upstream-unauthorized",
    ],
    [
      "xAI: no credits",
      403,
      JSON.stringify({
        code: "The caller does not have permission to execute the specified operation",
        error: "Your newly created team doesn't have any credits yet.",
      }),
      "upstream-quota-exhausted",
    ],
    [
      "xAI: spending limit",
      429,
      JSON.stringify({
        code: "Some resource has been exhausted",
        error: "Your team has either used all available credits or reached its monthly spending limit.",
      }),
      "upstream-quota-exhausted",
    ],
    [
      "Workers AI: allocation",
      429,
      JSON.stringify({
        success: false,
        errors: [{ code: 3036, message: "You have used up your daily free allocation of 10,000 neurons." }],
      }),
      "upstream-quota-exhausted",
    ],
    [
      "Workers AI: capacity",
      429,
      JSON.stringify({ success: false, errors: [{ code: 3040, message: "Capacity temporarily exceeded" }] }),
      "upstream-overloaded",
    ],
    [
      "Workers AI: no such model",
      400,
      JSON.stringify({ success: false, errors: [{ code: 5007, message: "No such model @cf/x or task" }] }),
      "upstream-rejected",
    ],
    [
      "vLLM: too long",
      400,
      JSON.stringify({
        object: "error",
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        type: "BadRequestError",
        param: null,
        code: 400,
      }),
      "context-too-long",
    ],
    [
      "SGLang: too long",
      400,
      JSON.stringify({
        object: "error",
        message: "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        type: "BadRequestError",
        param: null,
        code: 400,
      }),
      "context-too-long",
    ],
    [
      "TGI: too long",
      422,
      JSON.stringify({
        error:
          "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 16 `max_new_tokens`",
        error_type: "validation",
      }),
      "context-too-long",
    ],
    [
      "TGI: overloaded",
      429,
      JSON.stringify({ error: "Model is overloaded", error_type: "overloaded" }),
      "upstream-overloaded",
    ],
    [
      "TGI: failed while generating",
      424,
      JSON.stringify({ error: "Request failed during generation: CUDA", error_type: "generation" }),
      "upstream-failed",
    ],
    [
      "Ollama: no such model",
      404,
      error({ message: 'model "x" not found, try pulling it first', type: "api_error", param: null, code: null }),
      "upstream-rejected",
    ],
    [
      "LM Studio: too long",
      400,
      JSON.stringify({
        error:
          "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
      }),
      "context-too-long",
    ],
    [
      "Mistral: no such model",
      400,
      JSON.stringify({
        object: "error",
        message: "Invalid model: x",
        type: "invalid_model",
        param: null,
        code: "1500",
      }),
      "upstream-rejected",
    ],
    [
      "Groq: a model that is gone",
      400,
      error({
        message: "The model has been decommissioned",
        type: "invalid_request_error",
        code: "model_decommissioned",
      }),
      "upstream-rejected",
    ],
    [
      "DeepSeek: no such model",
      400,
      error({ message: "Model Not Exist", type: "invalid_request_error", param: null, code: "invalid_request_error" }),
      "upstream-rejected",
    ],
    [
      "OpenRouter: no such model",
      400,
      error({ message: "acme/x is not a valid model ID", code: 400 }),
      "upstream-rejected",
    ],
    [
      "Workers AI: terms not agreed to",
      403,
      JSON.stringify({ success: false, errors: [{ code: 5016, message: "Model agreement" }] }),
      "upstream-rejected",
    ],
    [
      "Triton: unsupported",
      400,
      JSON.stringify({ detail: "Received n=2, but only single choice (n=1) is currently supported" }),
      "invalid-request",
    ],
  ] as const)("%s", (...[, status, body, code]) => {
    expect(classifyFailure({ status, retryAfter: undefined, body }, context).code).toBe(code);
  });

  it("keeps what a vendor says of our account from the caller, and names the field that it objects to", () => {
    const spent = { status: 402, retryAfter: undefined, body: error({ message: "Insufficient Balance of acme-corp" }) };
    expect(classifyFailure(spent, context).message).toBe("The model's server answered 402.");
    const body = JSON.stringify({ detail: [{ loc: ["body", "top_k"], msg: "Extra inputs are not permitted" }] });
    expect(classifyFailure({ status: 422, retryAfter: undefined, body }, context)).toMatchObject({
      param: "top_k",
      message: "top_k: Extra inputs are not permitted",
    });
  });

  it("reads an error inside a stream by its code first, then by the status in it", () => {
    const read = (event: object): string => classifyErrorEvent(JSON.stringify(event), context).code;
    expect(read({ error: { code: "insufficient_quota", message: "x" } })).toBe("upstream-quota-exhausted");
    expect(read({ error: { code: 429, message: "slow" } })).toBe("upstream-overloaded");
    expect(read({ error: { message: "boom" } })).toBe("upstream-failed");
    expect(read({ object: "error", message: "engine died", code: 503 })).toBe("upstream-overloaded");
  });

  it("takes our own codes from our own runner only", () => {
    const failure = { status: 429, retryAfter: undefined, body: error({ code: "overloaded", message: "full" }) };
    expect(classifyFailure(failure, { ...context, trustCodes: true }).code).toBe("overloaded");
    expect(classifyFailure(failure, context).code).toBe("upstream-overloaded");
  });
});

describe("what a caller reads", () => {
  it("never holds a secret, ours or alike", () => {
    expect(scrub("key s3cret-value, sk-abcdefghijkl, Bearer abc", "s3cret-value")).toBe(
      "key [secret], [secret], [secret]",
    );
  });

  it.each([
    ["7", 7],
    ["0.2", 1],
    ["100000", 120],
    ["Sun, 22 Nov 2026 00:00:30 GMT", 30],
    ["soon", undefined],
    [undefined, undefined],
  ])("reads retry-after %s as %s seconds", (header, seconds) => {
    expect(retryAfterSeconds(header, context.nowMs)).toBe(seconds);
  });
});
