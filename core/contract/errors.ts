/**
 * The one error catalogue. A row says what happened in general; the thrown error adds what happened here.
 * `status` is the HTTP status, `type` the OpenAI error type, `retryable` whether the same request can succeed later,
 * `remedy` what the reader should do next.
 */
interface ErrorRow {
  readonly status: number;
  readonly type: OpenAiErrorType;
  readonly retryable: boolean;
  readonly title: string;
  readonly remedy: string;
}

export type OpenAiErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "not_found_error"
  | "conflict_error"
  | "rate_limit_error"
  | "upstream_error"
  | "server_error";

const caller = { type: "invalid_request_error", retryable: false } as const;
const missing = { type: "not_found_error", retryable: false } as const;
const upstream = { type: "upstream_error", retryable: true } as const;

export const errorCatalogue = {
  "malformed-json": {
    ...caller,
    status: 400,
    title: "The body is not JSON",
    remedy: "Send a JSON object; the position of the fault is in the message.",
  },
  "invalid-request": {
    ...caller,
    status: 400,
    title: "The request does not fit the schema",
    remedy: "Correct the field that `param` names.",
  },
  "unsupported-parameter": {
    ...caller,
    status: 400,
    title: "This target cannot honour a parameter",
    remedy: "Remove the parameter that `param` names, or choose a model that supports it.",
  },
  "surface-not-served": {
    ...caller,
    status: 400,
    title: "The model does not serve this endpoint",
    remedy: "Call a model that serves it, or add the surface that the message names to the model's `surfaces`.",
  },
  "no-capable-target": {
    ...caller,
    status: 400,
    title: "No target of this model can do what the request asks",
    remedy: "Leave out what the message names, or choose a model whose targets can do it.",
  },
  "unsupported-media-type": {
    ...caller,
    status: 415,
    title: "The body is not JSON by its content type",
    remedy: "Send `content-type: application/json`.",
  },
  "form-expected": {
    ...caller,
    status: 415,
    title: "The body is not a form by its content type",
    remedy: "Send the file and the fields as `multipart/form-data`.",
  },
  "body-too-large": {
    ...caller,
    status: 413,
    title: "The body is too large",
    remedy: "Send less; the limit in bytes is in the message.",
  },
  "body-too-deep": {
    ...caller,
    status: 400,
    title: "The body is nested too deeply",
    remedy: "Flatten it; the limit is in the message.",
  },
  "headers-too-large": {
    ...caller,
    status: 431,
    title: "The headers are too large",
    remedy: "Send fewer or shorter headers.",
  },
  "missing-key": {
    type: "authentication_error",
    retryable: false,
    status: 401,
    title: "No API key",
    remedy: "Send `authorization: Bearer <key>`.",
  },
  "invalid-key": {
    type: "authentication_error",
    retryable: false,
    status: 401,
    title: "The API key is not valid",
    remedy: "Check the key, its environment and whether it was revoked; make a new one with `millrace keys create`.",
  },
  "permission-denied": {
    type: "permission_error",
    retryable: false,
    status: 403,
    title: "The key may not do this",
    remedy: "Use a key with the permission that the message names.",
  },
  "protected-label": {
    type: "permission_error",
    retryable: false,
    status: 403,
    title: "The label is protected",
    remedy: "Use a key with the permission `labels:protected`.",
  },
  "not-found": { ...missing, status: 404, title: "There is nothing here", remedy: "Check the path against /docs." },
  "method-not-allowed": {
    ...caller,
    status: 405,
    title: "The path does not take this method",
    remedy: "See /docs for the methods of this path.",
  },
  "unknown-model": { ...missing, status: 404, title: "No such model", remedy: "List the models with GET /v1/models." },
  "unknown-prompt": {
    ...missing,
    status: 404,
    title: "No such prompt",
    remedy: "List the prompts with `millrace prompt list`.",
  },
  "unknown-label": {
    ...missing,
    status: 404,
    title: "The prompt has no such label in this environment",
    remedy: "Set it with `millrace prompt label`.",
  },
  "label-removed": {
    ...missing,
    status: 410,
    title: "The label was removed",
    remedy: "Set it again, or call another label; its history says who removed it.",
  },
  "unknown-version": {
    ...missing,
    status: 404,
    title: "No such version",
    remedy:
      "List the versions with `millrace prompt history`; versions that are old and without a label are not served.",
  },
  "unknown-resource": {
    ...missing,
    status: 404,
    title: "No such resource",
    remedy: "Check its name; it may belong to another project or environment.",
  },
  "invalid-variables": {
    ...caller,
    status: 422,
    title: "The variables do not fit the prompt",
    remedy: "Correct the variable that `param` names.",
  },
  "invalid-prompt": {
    ...caller,
    status: 422,
    title: "The prompt is not valid",
    remedy: "Correct the field that `param` names.",
  },
  "template-error": {
    ...caller,
    status: 422,
    title: "The template cannot be rendered",
    remedy: "Correct the template at the line and column in the message.",
  },
  "cyclic-composition": {
    ...caller,
    status: 422,
    title: "A prompt contains itself",
    remedy: "Remove one of the includes that the message lists.",
  },
  "unsafe-interpolation": {
    ...caller,
    status: 422,
    title: "A strict variable holds a role marker",
    remedy: "Remove the marker from the value, or declare the variable without `strict`.",
  },
  "version-conflict": {
    type: "conflict_error",
    retryable: false,
    status: 409,
    title: "Somebody changed it first",
    remedy: "Pull, compare, and push again on top of the version that the message names.",
  },
  "already-exists": {
    type: "conflict_error",
    retryable: false,
    status: 409,
    title: "It exists already",
    remedy: "Choose another name, or change the one that exists.",
  },
  "in-use": {
    type: "conflict_error",
    retryable: false,
    status: 409,
    title: "Something else needs it",
    remedy: "Remove what the message names first.",
  },
  "already-over": {
    type: "conflict_error",
    retryable: false,
    status: 409,
    title: "It is over already",
    remedy: "Nothing to do: its state is in the message.",
  },
  "bundle-too-large": {
    ...caller,
    status: 422,
    title: "The environment no longer fits in one bundle",
    remedy: "Remove labels or shorten prompts; the last published state serves on meanwhile.",
  },
  "url-not-allowed": {
    ...caller,
    status: 422,
    title: "The URL may not be called",
    remedy: "Use a public https URL, or have the operator allow the host by name in ALLOWED_PRIVATE_HOSTS.",
  },
  "secret-missing": {
    type: "server_error",
    retryable: false,
    status: 503,
    title: "The provider's secret is not set",
    remedy: "Set the secret that the message names in the gateway's environment.",
  },
  "upstream-refused": {
    ...upstream,
    status: 502,
    title: "The model's server refused the connection",
    remedy: "Check that it runs; retry later.",
  },
  "upstream-timeout": {
    ...upstream,
    status: 504,
    title: "The model's server did not answer in time",
    remedy: "Retry, or raise the target's timeout.",
  },
  "upstream-rejected": {
    ...upstream,
    retryable: false,
    status: 502,
    title: "The model's server rejected the request",
    remedy: "Its own words are in the message.",
  },
  "upstream-unauthorized": {
    ...upstream,
    retryable: false,
    status: 502,
    title: "The model's server does not accept our credentials",
    remedy: "Check the secret of the provider.",
  },
  "upstream-quota-exhausted": {
    ...upstream,
    retryable: false,
    status: 502,
    title: "The provider's account has nothing left to spend",
    remedy: "Add credit or raise the limit at the provider, or give the provider another secret.",
  },
  "targets-unavailable": {
    ...upstream,
    status: 503,
    title: "No target of this model can be asked at present",
    remedy: "Retry after the time in `retry-after`; `causes` says what is wrong with each.",
  },
  "upstream-overloaded": {
    ...upstream,
    status: 429,
    title: "The model's server is full",
    remedy: "Retry later; where the server said when, `retry-after` does.",
  },
  "upstream-failed": {
    ...upstream,
    status: 502,
    title: "The model's server failed",
    remedy: "Retry; its own words are in the message.",
  },
  "upstream-garbage": {
    ...upstream,
    status: 502,
    title: "The model's server answered with something that is not an answer",
    remedy: "Retry; if it persists, check the provider's URL.",
  },
  "answer-too-large": {
    ...upstream,
    retryable: false,
    status: 502,
    title: "The model's answer is larger than fits in memory",
    remedy: "Ask for a shorter one.",
  },
  "upstream-truncated": {
    ...upstream,
    status: 502,
    title: "The model's stream ended too early",
    remedy: "Retry; what arrived is not the whole answer.",
  },
  "context-too-long": {
    ...caller,
    status: 400,
    title: "The request is longer than the model's context",
    remedy: "Shorten it, or choose a model with a longer context.",
  },
  "content-filtered": {
    ...caller,
    status: 400,
    title: "The provider's content filter refused the request",
    remedy: "Change what the provider objects to; its own words are in the message.",
  },
  overloaded: {
    type: "rate_limit_error",
    retryable: true,
    status: 429,
    title: "The runner's queue is full",
    remedy: "Retry after the time in `retry-after`.",
  },
  "client-closed": {
    type: "server_error",
    retryable: true,
    status: 499,
    title: "The caller left",
    remedy: "Nothing to do: the work upstream was cancelled.",
  },
  "rate-limited": {
    type: "rate_limit_error",
    retryable: true,
    status: 429,
    title: "A limit is reached",
    remedy: "Retry after the time in `retry-after`, or have the limit that the message names raised.",
  },
  "budget-exceeded": {
    type: "rate_limit_error",
    retryable: false,
    status: 402,
    title: "A budget is spent",
    remedy: "Wait for the reset in the message, or have the budget that it names raised.",
  },
  "request-too-costly": {
    type: "rate_limit_error",
    retryable: false,
    status: 402,
    title: "The request could take more than the whole of a limit",
    remedy: "Set a lower `max_completion_tokens` or send less, or have the limit that the message names raised.",
  },
  "unbounded-request": {
    ...caller,
    status: 400,
    title: "A budget applies, and nothing bounds what the request may take",
    remedy: "Set `max_completion_tokens`, or give the model its `context_tokens`.",
  },
  "unknown-price": {
    type: "server_error",
    retryable: false,
    status: 503,
    title: "A money budget applies, and the price of the target is not known",
    remedy: "Give the target that the message names a price, or call a model whose targets all have one.",
  },
  "config-unavailable": {
    type: "server_error",
    retryable: true,
    status: 503,
    title: "No configuration has reached this place yet",
    remedy: "Retry in a few seconds; see /healthz.",
  },
  "state-unavailable": {
    type: "server_error",
    retryable: true,
    status: 503,
    title: "What keeps state is away",
    remedy:
      "Retry later; the message says what is away. Answers that need it wait, all others are served and recorded.",
  },
  "model-unavailable": {
    type: "server_error",
    retryable: true,
    status: 503,
    title: "The model is not loaded",
    remedy: "Wait for /healthz to say ready; its message says what failed.",
  },
  "engine-failed": {
    type: "server_error",
    retryable: true,
    status: 503,
    title: "The engine stopped while it answered",
    remedy: "Retry: the engine restarts by itself; what arrived is not the whole answer.",
  },
  internal: {
    type: "server_error",
    retryable: true,
    status: 500,
    title: "Something failed on our side",
    remedy: "Retry; quote the trace id when you report it.",
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorCatalogue;

export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(errorCatalogue, value);
}
