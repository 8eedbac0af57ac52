import type { ErrorCode } from "@millrace/core/contract";

/** What vendors' machine-readable words mean, whatever the status. */
export const byVendorCode: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  // Nothing left to spend: time does not mend it, another key may.
  ["insufficient_quota", "upstream-quota-exhausted"],
  ["billing_hard_limit_reached", "upstream-quota-exhausted"],
  ["billing_not_active", "upstream-quota-exhausted"],
  ["cloudflare:3036", "upstream-quota-exhausted"],
  ["invalid_api_key", "upstream-unauthorized"],
  ["cloudflare:10000", "upstream-unauthorized"],
  ["context_length_exceeded", "context-too-long"],
  ["content_filter", "content-filtered"],
  ["content_policy_violation", "content-filtered"],
  ["moderation_blocked", "content-filtered"],
  ["ResponsibleAIPolicyViolation", "content-filtered"],
  ["unsupported_parameter", "unsupported-parameter"],
  ["unsupported_value", "unsupported-parameter"],
  ["model_not_found", "upstream-rejected"],
  ["DeploymentNotFound", "upstream-rejected"],
  // The model, not the key: setting the key aside would take its other models away.
  ["invalid_model", "upstream-rejected"],
  ["model_decommissioned", "upstream-rejected"],
  ["model_not_available", "upstream-rejected"],
  ["model_permission_blocked_org", "upstream-rejected"],
  ["model_permission_blocked_project", "upstream-rejected"],
  ["unsupported_country_region_territory", "upstream-rejected"],
  ["cloudflare:3041", "upstream-rejected"],
  ["cloudflare:5016", "upstream-rejected"],
  ["cloudflare:5018", "upstream-rejected"],
  ["cloudflare:5007", "upstream-rejected"],
  ["cloudflare:3040", "upstream-overloaded"],
  // Groq: the model wrote what is no tool call or no JSON; another draw may.
  ["tool_use_failed", "upstream-garbage"],
  ["json_validate_failed", "upstream-garbage"],
  ["output_parse_failed", "upstream-garbage"],
  // Text Generation Inference's `error_type`.
  ["overloaded", "upstream-overloaded"],
  ["generation", "upstream-failed"],
  ["incomplete_generation", "upstream-truncated"],
]);

interface WordRule {
  readonly statuses: ReadonlySet<number>;
  readonly words: RegExp;
  readonly code: ErrorCode;
}

/** What vendors say in prose only, and with which statuses they say it; the first that fits counts. */
export const byWords: readonly WordRule[] = [
  {
    // xAI (403, 429), DeepSeek and OpenRouter (402), Fireworks (412), Anthropic's wording through resellers (400).
    statuses: new Set([400, 402, 403, 412, 429]),
    words:
      /used all available credits|monthly spending limit|insufficient (?:balance|credits|funds)|(?:does not|doesn't) have any credits|credit balance is too low|account .{0,80} is suspended/i,
    code: "upstream-quota-exhausted",
  },
  {
    // xAI answers a wrong key with 400.
    statuses: new Set([400]),
    words: /^(?:incorrect|invalid) api key|^api key (?:not valid|is invalid)/i,
    code: "upstream-unauthorized",
  },
  {
    statuses: new Set([400, 403]),
    words:
      /content management policy|content filter|flagged (?:by|for) |violat\w+ .{0,40}(?:usage|content|safety) (?:polic|guideline)/i,
    code: "content-filtered",
  },
  {
    // DeepSeek and OpenRouter blame the request for a model that the route names.
    statuses: new Set([400]),
    words: /^model not exist|is not a valid model id/i,
    code: "upstream-rejected",
  },
  {
    // Groq counts tokens a minute and answers 413: longer than this account may send, wherever the model's own limit lies.
    statuses: new Set([413]),
    words: /tokens per minute/i,
    code: "upstream-rejected",
  },
  {
    statuses: new Set([400, 413, 422, 500]),
    words:
      /context[_ ](?:length|window|size)|maximum (?:context|prompt)|too many (?:input )?tokens|prompt is too long|exceeds? the (?:model'?s )?(?:maximum )?context|input is too long|`inputs` (?:tokens|must have less)|context the overflows/i,
    code: "context-too-long",
  },
];

/** What a status means when nothing else is said. */
export const byStatus: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [401, "upstream-unauthorized"],
  [402, "upstream-quota-exhausted"],
  [403, "upstream-unauthorized"],
  [408, "upstream-timeout"],
  // Text Generation Inference: the request failed while it was generated.
  [424, "upstream-failed"],
  [429, "upstream-overloaded"],
  // Groq: the flex tier is full.
  [498, "upstream-overloaded"],
  [503, "upstream-overloaded"],
  [504, "upstream-timeout"],
  [529, "upstream-overloaded"],
]);

/** Statuses by which a server blames the request itself. */
export const CALLERS_FAULT: ReadonlySet<number> = new Set([400, 413, 422]);
