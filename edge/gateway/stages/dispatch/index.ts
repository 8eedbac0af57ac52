import type { MediaUnderWay, StreamedAnswer, WholeAnswer } from "../../exchange/answer.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import { type AttemptDeps, AttemptEngine } from "./attempt-engine.ts";
import { MediaStream } from "./media-stream.ts";
import { ResumableStream } from "./resumable-stream.ts";

export type DispatchDeps = AttemptDeps;

export interface Dispatched {
  readonly answer: WholeAnswer | StreamedAnswer | MediaUnderWay;
  /** Gives up a stream that nobody reads any more; what it consumed is recorded. */
  readonly cancel: () => void;
}

/**
 * Sends the resolved request to the targets of its plan, one after the other, until one answers; hedges, retries and pauses as the
 * model says. A stream is returned once its first content is here; if it breaks later, another target goes on with it where that is possible.
 * `deps.attempts` holds every call and who answered.
 * @throws MillraceError of the catalogue, one for all attempts; never anything else.
 */
export async function dispatch(resolution: Resolution, deps: DispatchDeps): Promise<Dispatched> {
  const engine = new AttemptEngine(resolution, deps);
  const opened = await engine.open();
  const { answer, call } = opened;
  if (answer.kind === "whole") {
    call.complete();
    return { answer, cancel: () => undefined };
  }
  if (answer.kind === "media") {
    const source = new MediaStream(call, answer);
    return { answer: { kind: "media", contentType: answer.contentType, source }, cancel: () => source.cancel() };
  }
  const stream = new ResumableStream(engine, opened, answer);
  return { answer: { ...answer, first: stream.first, rest: stream }, cancel: () => stream.cancel() };
}
