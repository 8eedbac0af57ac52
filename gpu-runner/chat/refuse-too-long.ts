import { MillraceError } from "@millrace/core/contract";
import type { EnginePrompt, ModelInfo } from "../engines/engine.ts";

/** The fewest tokens that texts of one prompt can come to, by their length alone; 0 where the vocabulary bounds nothing. */
function leastTokens(texts: readonly string[], { longestPieceBytes }: ModelInfo): number {
  if (longestPieceBytes === undefined) return 0;
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return Math.ceil(bytes / longestPieceBytes);
}

/**
 * Refuses a prompt that cannot fit whatever its tokens are. The engine refuses the others by their count, but megabytes take it seconds to
 * tokenise, and no sequence decodes meanwhile. @throws MillraceError `context-too-long`.
 */
export function refusePromptTooLong(prompt: EnginePrompt, model: ModelInfo): void {
  const isChat = prompt.kind === "chat";
  const least = leastTokens(isChat ? prompt.messages.map(({ content }) => content) : [prompt.text], model);
  if (least <= model.contextTokens) return;
  throw new MillraceError("context-too-long", {
    param: isChat ? "messages" : "prompt",
    message: `The prompt has at least ${least} tokens; this model's context holds ${model.contextTokens}, prompt and answer together.`,
  });
}

/** The same for the texts of one request for embeddings. @throws MillraceError `context-too-long`. */
export function refuseInputsTooLong(inputs: readonly string[], model: ModelInfo): void {
  const most = model.embeddingTokens;
  if (most === undefined) return;
  inputs.forEach((input, index) => {
    const least = leastTokens([input], model);
    if (least <= most) return;
    throw new MillraceError("context-too-long", {
      param: inputs.length > 1 ? `input[${index}]` : "input",
      message: `The input has at least ${least} tokens; this model embeds at most ${most}.`,
    });
  });
}
