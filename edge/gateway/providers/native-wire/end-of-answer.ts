import type { FinishReason, ModelEvent, ModelFrame, NativeEvent, Usage } from "@millrace/core/contract";
import type { ChunkWriter } from "./chunk-writer.ts";
import { tierEvent } from "./tier-event.ts";

/** What is known once an answer is whole. */
export interface AnswerEnd {
  /** The provider's own fields. */
  readonly fields: ModelEvent;
  readonly reason: FinishReason;
  readonly rawReason: string;
  readonly usage: Usage | undefined;
}

/** The frames that end a stream. `native` is the event that they were read from. */
export function endFrames(writer: ChunkWriter, end: AnswerEnd, native?: NativeEvent): readonly ModelFrame[] {
  const { fields, reason, rawReason, usage } = end;
  return [
    writer.frame([fields], native),
    writer.frame([...tierEvent(usage), { type: "finish", choice: 0, reason, rawReason }]),
    ...(usage === undefined ? [] : [writer.usage({ type: "usage", usage })]),
  ];
}

/** The events that end an answer in one piece. */
export function endEvents({ fields, reason, rawReason, usage }: AnswerEnd): readonly ModelEvent[] {
  return [
    fields,
    ...tierEvent(usage),
    ...(usage === undefined ? [] : [{ type: "usage", usage } as const]),
    { type: "finish", choice: 0, reason, rawReason },
  ];
}
