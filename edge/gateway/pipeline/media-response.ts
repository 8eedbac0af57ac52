import { isMillraceError, MillraceError, renderOpenAiError, toMillraceError } from "@millrace/core/contract";
import type { AnswerSummary, MediaUnderWay } from "../exchange/answer.ts";
import { mediaFormOf } from "../media/media-observer.ts";
import type { RelayOutcome } from "../stream/relay.ts";
import { CLIENT_CLOSED_STATUS, type ExchangeRun, type Prepared } from "./exchange-run.ts";

const encoder = new TextEncoder();

async function pass(
  run: ExchangeRun,
  { source }: MediaUnderWay,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<RelayOutcome> {
  try {
    for (let piece = await source.next(); piece !== undefined; piece = await source.next()) {
      // One piece is under way at a time: what the caller does not take is not read.
      await writer.write(piece).catch((cause: unknown) => {
        throw new MillraceError("client-closed", { cause });
      });
      if (run.caller.request.signal.aborted) throw new MillraceError("client-closed");
    }
    return { status: "ok", error: undefined };
  } catch (cause) {
    const left = run.caller.request.signal.aborted || (isMillraceError(cause) && cause.code === "client-closed");
    if (left) return { status: "cancelled", error: new MillraceError("client-closed") };
    const error = toMillraceError(cause);
    return { status: error.code === "upstream-truncated" ? "truncated" : "error", error };
  }
}

/** Ends what the caller gets, so that nothing cut short looks whole: events end with an error, everything else breaks off. */
async function close(
  outcome: RelayOutcome,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  isEvents: boolean,
): Promise<void> {
  const { error, status } = outcome;
  try {
    if (status === "ok") return await writer.close();
    if (error === undefined || status === "cancelled" || !isEvents) return await writer.abort(error);
    await writer.write(encoder.encode(`event: error\ndata: ${JSON.stringify(renderOpenAiError(error))}\n\n`));
    await writer.close();
  } catch {
    // The caller left at the very end.
  }
}

/** The response for pictures, sound, or what was heard: a piece at a time, ending when the exchange is recorded. */
export function mediaResponse(
  run: ExchangeRun,
  progress: Prepared,
  { answer, cancel }: { readonly answer: MediaUnderWay; readonly cancel: () => void },
): Response {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>;
  const firstTokenMs = run.timeline.elapsedMs();
  const streamingSinceMs = run.deps.nowMs();
  const work = async (): Promise<void> => {
    const outcome = await pass(run, answer, writer);
    if (outcome.status === "cancelled") cancel();
    run.timeline.add("upstream", streamingSinceMs, {});
    const { response, usage, model } = answer.source.summary();
    const summary: AnswerSummary = { response, usage, model, finishReasons: [] };
    const httpStatus = outcome.status === "cancelled" ? CLIENT_CLOSED_STATUS : 200;
    await run.conclude(progress, { status: outcome.status, httpStatus, error: outcome.error, summary, firstTokenMs });
    await close(outcome, writer, mediaFormOf(answer.contentType) === "events");
  };
  run.caller.keepAlive(work());
  return new Response(readable, { headers: { ...run.headers(progress), "content-type": answer.contentType } });
}
