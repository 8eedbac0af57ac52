import type { JsonObject, JsonValue } from "@millrace/core/contract";

/** What a caller may take by saying it in a provider's own words (`provider_options`), which win over the request's. */
export interface OwnWordsBound {
  /** Infinity = the words take a limit away, or set one that is no number. Undefined = they say nothing of it. */
  readonly outputTokens: number | undefined;
  readonly choices: number | undefined;
  /** They bring input whose length their bytes do not tell: tools that the provider runs, documents by address, kept conversations. */
  readonly bringsInput: boolean;
}

const limits: ReadonlySet<string> = new Set([
  "max_tokens",
  "maxTokens",
  "max_output_tokens",
  "maxOutputTokens",
  "max_completion_tokens",
]);
/** Where such limits stand; anything but an object in their place takes the limit away. */
const holders: ReadonlySet<string> = new Set([
  "generationConfig",
  "generation_config",
  "inferenceConfig",
  "additionalModelRequestFields",
]);
const counts: ReadonlySet<string> = new Set(["n", "candidateCount", "candidate_count", "num_generations"]);
const inputs: ReadonlySet<string> = new Set([
  "tools",
  "toolConfig",
  "messages",
  "contents",
  "cachedContent",
  "cached_content",
  "container",
  "mcp_servers",
  "connectors",
]);

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Google takes numbers as text as well. */
function limitOf(value: JsonValue | undefined): number {
  const limit = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  return limit > 0 ? Math.ceil(limit) : Number.POSITIVE_INFINITY;
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

/** The words for any kind of provider together: which of them is asked is not known yet. */
export function ownWordsBound(fields: Readonly<JsonObject>): OwnWordsBound {
  let outputTokens: number | undefined;
  let choices: number | undefined;
  let bringsInput = false;
  const read = (words: JsonObject): void => {
    for (const [name, value] of Object.entries(words)) {
      if (limits.has(name)) outputTokens = larger(outputTokens, limitOf(value));
      if (counts.has(name)) choices = larger(choices, limitOf(value));
      bringsInput ||= inputs.has(name);
      if (!holders.has(name)) continue;
      if (isObject(value)) read(value);
      else outputTokens = Number.POSITIVE_INFINITY;
    }
  };
  const { provider_options: options } = fields;
  if (isObject(options)) for (const words of Object.values(options)) if (isObject(words)) read(words);
  return { outputTokens, choices, bringsInput };
}
