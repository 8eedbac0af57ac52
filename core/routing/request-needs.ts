import type { Capability, JsonObject, JsonValue, Surface } from "../contract/index.ts";

/** What a request asks of whoever answers it. */
export interface RequestNeeds {
  readonly capabilities: ReadonlySet<Capability>;
  /** Estimated. */
  readonly inputTokens: number;
  /** The most that the request lets a model generate; undefined = it sets no limit. */
  readonly maxOutputTokens: number | undefined;
}

/** UTF-8 bytes of text for each token: four letters of English, and about one and a third characters of Chinese, are a token in common tokenizers. */
const BYTES_PER_TOKEN = 4;
/** An image of 1024 × 1024 at OpenAI's high detail: https://platform.openai.com/docs/guides/images-vision#calculating-costs */
const TOKENS_PER_IMAGE = 765;
/** What carries a message's role and its ends, in OpenAI's chat formats. */
const TOKENS_PER_MESSAGE = 4;

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const capabilityOfPart: ReadonlyMap<unknown, Capability> = new Map([
  ["image_url", "images"],
  ["input_audio", "audio-input"],
  ["file", "files"],
]);

function addMessages(messages: JsonValue | undefined, found: Set<Capability>): void {
  if (!Array.isArray(messages)) return;
  for (const message of messages) {
    if (!isObject(message)) continue;
    const { content, role } = message;
    if (role === "tool" || role === "function" || message["tool_calls"] !== undefined) found.add("tools");
    if (!Array.isArray(content)) continue;
    for (const part of content) {
      const capability = isObject(part) ? capabilityOfPart.get(part["type"]) : undefined;
      if (capability !== undefined) found.add(capability);
    }
  }
  const last = messages.at(-1);
  if (isObject(last) && last["role"] === "assistant" && last["tool_calls"] === undefined) found.add("prefill");
}

const isFilledList = (value: JsonValue | undefined): boolean => Array.isArray(value) && value.length > 0;
const isAbove = (value: JsonValue | undefined, bound: number): boolean => typeof value === "number" && value > bound;

function addFormat(format: JsonValue | undefined, found: Set<Capability>): void {
  if (!isObject(format)) return;
  if (format["type"] === "json_object") found.add("json-object");
  if (format["type"] === "json_schema") found.add("json-schema");
}

function ofOtherSurface(surface: Exclude<Surface, "chat" | "completions">): ReadonlySet<Capability> {
  return new Set(surface === "embeddings" ? [] : [surface]);
}

/** The capabilities without which a target could not answer this request as it is asked. */
export function requiredCapabilities(surface: Surface, fields: Readonly<JsonObject>): ReadonlySet<Capability> {
  if (surface !== "chat" && surface !== "completions") return ofOtherSurface(surface);
  const found = new Set<Capability>();
  if (fields["stream"] === true) found.add("streaming");
  if (isAbove(fields["n"], 1) || isAbove(fields["best_of"], 1)) found.add("multiple-choices");
  if (typeof fields["seed"] === "number") found.add("seed");
  const { logprobs } = fields;
  if (logprobs === true || typeof logprobs === "number") found.add("logprobs");
  if (surface === "completions") return found;
  if (isFilledList(fields["tools"]) || isFilledList(fields["functions"])) {
    found.add("tools");
    if (fields["parallel_tool_calls"] === true) found.add("parallel-tools");
  }
  addFormat(fields["response_format"], found);
  const { modalities } = fields;
  if (Array.isArray(modalities) && modalities.includes("audio")) found.add("audio-output");
  addMessages(fields["messages"], found);
  return found;
}

/** Characters of text, and what is not text counted in characters that cost as much. */
function textChars(value: JsonValue | undefined): number {
  if (typeof value === "string") return value.length;
  // Of a list of tokens.
  if (typeof value === "number") return BYTES_PER_TOKEN;
  if (Array.isArray(value)) {
    let sum = 0;
    for (const item of value) sum += textChars(item);
    return sum;
  }
  if (!isObject(value)) return 0;
  // The encoded bytes of a picture, a sound or a document are no text.
  if (capabilityOfPart.has(value["type"])) return TOKENS_PER_IMAGE * BYTES_PER_TOKEN;
  let sum = 0;
  for (const key in value) sum += textChars(value[key]);
  return sum;
}

/**
 * Tokens of a request by its length. `bytesPerChar` is the request's own (its UTF-8 bytes by its UTF-16 units), so that scripts whose characters
 * cost more tokens count for more without a look at each character.
 */
export function estimateInputTokens(fields: Readonly<JsonObject>, bytesPerChar = 1): number {
  const { messages, prompt, input, tools } = fields;
  const chars = textChars(messages) + textChars(prompt) + textChars(input) + textChars(tools);
  const frames = Array.isArray(messages) ? messages.length * TOKENS_PER_MESSAGE : 0;
  return Math.ceil((chars * bytesPerChar) / BYTES_PER_TOKEN) + frames;
}

/** Everything that planning asks of a request. */
export function requestNeeds(surface: Surface, fields: Readonly<JsonObject>, bytesPerChar = 1): RequestNeeds {
  const limit = fields["max_completion_tokens"] ?? fields["max_tokens"];
  return {
    capabilities: requiredCapabilities(surface, fields),
    inputTokens: estimateInputTokens(fields, bytesPerChar),
    maxOutputTokens: typeof limit === "number" ? limit : undefined,
  };
}
