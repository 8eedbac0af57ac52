import type { ModelEvent } from "@millrace/core/contract";
import type { WholeAnswer } from "../exchange/answer.ts";
import { chunkToEvents, readStart } from "../providers/openai-wire/chunk-to-events.ts";

/** A model thinks before it speaks; a chunk that holds both does not say in which order. */
export function thoughtsFirst(events: readonly ModelEvent[]): readonly ModelEvent[] {
  if (!events.some((event) => event.type === "reasoning")) return events;
  const rank = (event: ModelEvent): number => (event.type === "start" ? 0 : event.type === "reasoning" ? 1 : 2);
  return events.toSorted((a, b) => rank(a) - rank(b));
}

/** A whole answer as the events that would have brought it. */
export function wholeEvents(answer: WholeAnswer): readonly ModelEvent[] {
  return [...readStart(answer.body), ...chunkToEvents(answer.body)];
}
