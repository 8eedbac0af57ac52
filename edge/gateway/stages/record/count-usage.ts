import type { JsonValue, Tokenizer, Usage } from "@millrace/core/contract";
import { tokenizerOf } from "@millrace/core/pricing";
import type { AnswerSummary } from "../../exchange/answer.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import { within } from "../../memory/within.ts";
import { estimateUsage } from "./estimate-usage.ts";

/** The end of an answer does not wait longer for a better estimate; a vocabulary loads in a quarter of it. */
const COUNT_LIMIT_MS = 1_000;
/** Beyond this the count would take longer than that, and the error of counting characters is small against the whole. */
const MAX_COUNTED_CHARS = 200_000;
/** What OpenAI's chat format adds to each message, and to the beginning of the answer: https://github.com/openai/openai-cookbook, "How to count tokens". */
const TOKENS_PER_MESSAGE = 3;
const TOKENS_OF_PRIMING = 3;

export interface CountUsageDeps {
  readonly countTokens: (tokenizer: Tokenizer, texts: readonly string[]) => Promise<readonly number[]>;
}

export interface Uncounted {
  readonly resolution: Resolution;
  readonly summary: AnswerSummary | undefined;
  /** The model that answered, as its provider knows it. */
  readonly model: string;
}

/** Names whose text a model neither reads nor writes. */
const structural = new Set(["type", "role", "id", "index", "finish_reason", "tool_call_id"]);

/** Everything in a message or a choice that is made of tokens. */
function textOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("\n");
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value)
    .flatMap(([name, member]) => (structural.has(name) || name.endsWith("_url") ? [] : [textOf(member)]))
    .join("");
}

/** A marked estimate of what a provider did not count: by the model's own tokenizer where there is one and it answers in time, else by characters. */
export async function countUsage(
  { resolution, summary, model }: Uncounted,
  { countTokens }: CountUsageDeps,
): Promise<Usage | undefined> {
  const rough = estimateUsage(resolution, summary);
  const tokenizer = tokenizerOf(model);
  if (rough === undefined || tokenizer === undefined) return rough;
  const { messages, prompt, input, tools } = resolution.fields;
  const asked = [textOf(messages ?? prompt ?? input), tools === undefined ? "" : JSON.stringify(tools)].join("");
  const answered = textOf(summary?.response?.["choices"]);
  if (asked.length + answered.length > MAX_COUNTED_CHARS) return rough;
  try {
    const [read = 0, written = 0] = await within(countTokens(tokenizer, [asked, answered]), COUNT_LIMIT_MS);
    const framing = Array.isArray(messages) ? messages.length * TOKENS_PER_MESSAGE + TOKENS_OF_PRIMING : 0;
    return { ...rough, inputTokens: read + framing, outputTokens: written, estimatedBy: tokenizer };
  } catch {
    // The functions Worker is away or slow: the rough estimate says that it is one.
    return rough;
  }
}
