import type { JsonObject, JsonValue } from "../contract/index.ts";

/** The dearest picture of a known price list is 48,169 tokens (a large one in high detail on a model that counts each 33-fold). */
const TOKENS_PER_IMAGE = 50_000;
/** What vendors put around tools: Anthropic documents up to 735 tokens, others less. */
const TOKENS_FOR_TOOLS = 1_024;

function tokensOfPart(part: JsonValue): number {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return 0;
  if (part["type"] === "image_url" || part["type"] === "input_image") return TOKENS_PER_IMAGE;
  // A document or a recording named by its id says nothing of its length.
  if (part["type"] === "file" || part["type"] === "input_file") return Number.POSITIVE_INFINITY;
  return 0;
}

/** Input tokens that the bytes of a request do not bound: pictures by address, documents by id, what tools add. Infinity = nothing bounds them. */
export function mediaAllowance({ messages, tools }: Readonly<JsonObject>): number {
  let sum = Array.isArray(tools) && tools.length > 0 ? TOKENS_FOR_TOOLS : 0;
  if (!Array.isArray(messages)) return sum;
  for (const message of messages) {
    const content =
      typeof message === "object" && message !== null && !Array.isArray(message) ? message["content"] : undefined;
    if (Array.isArray(content)) for (const part of content) sum += tokensOfPart(part);
  }
  return sum;
}
