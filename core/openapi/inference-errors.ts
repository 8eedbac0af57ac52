import type { ErrorCode } from "../contract/index.ts";

/** What finding a target and asking it can fail with. */
export const targetErrors: readonly ErrorCode[] = [
  "unknown-model",
  "surface-not-served",
  "unsupported-parameter",
  "context-too-long",
  "config-unavailable",
  "secret-missing",
  "url-not-allowed",
  "overloaded",
  "model-unavailable",
  "upstream-refused",
  "upstream-timeout",
  "upstream-rejected",
  "upstream-unauthorized",
  "upstream-quota-exhausted",
  "content-filtered",
  "upstream-overloaded",
  "upstream-failed",
  "upstream-garbage",
  "answer-too-large",
  "upstream-truncated",
];

/** What a body can be refused for. */
export const bodyErrors: readonly ErrorCode[] = [
  "malformed-json",
  "invalid-request",
  "unsupported-media-type",
  "body-too-large",
  "body-too-deep",
];

/** What a named prompt can be refused for. */
export const promptErrors: readonly ErrorCode[] = [
  "unknown-prompt",
  "unknown-label",
  "label-removed",
  "unknown-version",
  "invalid-variables",
  "template-error",
  "unsafe-interpolation",
];
