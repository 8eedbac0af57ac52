/** What differs between generations of Claude, as far as a name tells. */
export interface ModelTraits {
  /** Most tokens that the model can answer with: what an absent `max_tokens` means. */
  readonly maxOutputTokens: number;
  /** How much it thinks is set by an effort, by a number of tokens, or not at all. */
  readonly thinking: "adaptive" | "budget" | "none";
  /** Takes `output_config.effort`. */
  readonly effort: boolean;
  /** Takes `output_config.format` and strict tools. */
  readonly structuredOutputs: boolean;
  /** Goes on where a trailing assistant turn ends. */
  readonly prefill: boolean;
}

const current: ModelTraits = {
  maxOutputTokens: 64_000,
  thinking: "adaptive",
  effort: true,
  structuredOutputs: true,
  prefill: false,
};
const budgeted: ModelTraits = { ...current, thinking: "budget", effort: false, prefill: true };
const early: ModelTraits = { ...budgeted, thinking: "none", structuredOutputs: false, maxOutputTokens: 8192 };

/** First match decides. Names come as Anthropic's, Bedrock's (`us.anthropic.claude-…`) or Vertex AI's (`claude-…@date`). */
const generations: readonly (readonly [RegExp, ModelTraits])[] = [
  [/claude-(?:2|instant)/, { ...early, maxOutputTokens: 4096 }],
  [/claude-3-(?:opus|sonnet|haiku)/, { ...early, maxOutputTokens: 4096 }],
  [/claude-3-5/, early],
  [/claude-3-7/, { ...budgeted, structuredOutputs: false }],
  [/claude-opus-4-5/, { ...budgeted, effort: true }],
  [/claude-opus-4-1/, { ...budgeted, maxOutputTokens: 32_000 }],
  [/claude-opus-4(?:-0|-2025\d{4}|@|$)/, { ...budgeted, structuredOutputs: false, maxOutputTokens: 32_000 }],
  [/claude-(?:sonnet|haiku)-4-5/, budgeted],
  [/claude-sonnet-4(?:-0|-2025\d{4}|@|$)/, { ...budgeted, structuredOutputs: false }],
  [/claude-opus-4-[6-9]/, { ...current, maxOutputTokens: 128_000 }],
];

/** A name that is not known is taken for a current model. */
export function modelTraits(model: string): ModelTraits {
  const name = model.toLowerCase();
  return generations.find(([pattern]) => pattern.test(name))?.[1] ?? current;
}
