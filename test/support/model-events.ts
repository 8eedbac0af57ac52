import type { FinishReason, ModelEvent } from "@millrace/core/contract";

/** Words of the first answer. */
export const text = (words: string): ModelEvent => ({ type: "text", choice: 0, text: words, logprobs: undefined });

/** A piece of a tool call; the first one has the name, and with it the id. */
export const call = (index: number, argumentsDelta: string, name?: string): ModelEvent => ({
  type: "tool-call",
  choice: 0,
  index,
  id: name === undefined ? undefined : `call_${index}`,
  name,
  argumentsDelta,
});

/** The end of the first answer, in OpenAI's own words. */
export const finish = (reason: FinishReason): ModelEvent => ({ type: "finish", choice: 0, reason, rawReason: reason });
