import { MillraceError, type ModelEvent } from "@millrace/core/contract";
import type { WholeAnswer } from "../../exchange/answer.ts";
import { AnswerAssembler } from "../../stream/answer-assembler.ts";
import type { AnswerHead } from "./chunk-writer.ts";

/** The whole answer that these events add up to: the same code that adds up a stream, so that both forms of an answer agree. */
export function wholeOfEvents(
  head: AnswerHead,
  events: readonly ModelEvent[],
  native?: NonNullable<WholeAnswer["native"]>,
): WholeAnswer {
  const { id, model, createdSeconds } = head;
  const assembler = new AnswerAssembler("chat");
  const start: ModelEvent = { type: "start", id, model, createdSeconds, systemFingerprint: undefined };
  assembler.add([{ events: [start, ...events], raw: undefined }]);
  const { response } = assembler.summary();
  if (response === undefined) throw new MillraceError("upstream-garbage");
  return {
    kind: "whole",
    text: JSON.stringify(response),
    body: response,
    ...(native === undefined ? {} : { native }),
  };
}
