import type { StreamedAnswer } from "../exchange/answer.ts";
import type { Resolution } from "../exchange/resolution.ts";
import { AnswerAssembler } from "../stream/answer-assembler.ts";
import { relay, type RelayOutcome } from "../stream/relay.ts";
import { CLIENT_CLOSED_STATUS, type ExchangeRun, type Prepared } from "./exchange-run.ts";
import { type CacheFill, fillCache } from "./fill-cache.ts";
import { STREAM_HEADERS } from "./whole-response.ts";

/** Text completions may carry log probabilities that the assembled answer does not; such an answer is not kept. */
function assembledFaithfully(resolution: Resolution): boolean {
  const { logprobs } = resolution.fields;
  return resolution.surface === "chat" || logprobs === undefined || logprobs === null;
}

export interface StreamUnderWay {
  readonly answer: StreamedAnswer;
  /** Ends the call upstream when nobody reads its answer any more. */
  readonly cancel: () => void;
  readonly fill: CacheFill;
}

/** The response for a stream: it starts at once, and ends when the exchange is recorded. */
export function streamedResponse(
  run: ExchangeRun,
  progress: Prepared,
  { answer, cancel, fill }: StreamUnderWay,
): Response {
  const { readable, writable } = new IdentityTransformStream();
  const assembler = new AnswerAssembler(progress.resolution.surface);
  const teller = run.teller(progress);
  const firstTokenMs = run.timeline.elapsedMs();
  const streamingSinceMs = run.deps.nowMs();
  const seal = async (outcome: RelayOutcome): Promise<void> => {
    if (outcome.status !== "ok") cancel();
    run.timeline.add("upstream", streamingSinceMs, {});
    const summary = assembler.summary();
    const isFaithful = assembler.isFaithful && assembledFaithfully(progress.resolution);
    if (outcome.status === "ok" && summary.response !== undefined && isFaithful) {
      fillCache(run, fill, { summary, text: JSON.stringify(summary.response), teller });
    }
    const httpStatus = outcome.status === "cancelled" ? CLIENT_CLOSED_STATUS : 200;
    await run.conclude(progress, { status: outcome.status, httpStatus, error: outcome.error, summary, firstTokenMs });
  };
  const relayed = relay({
    first: answer.first,
    rest: answer.rest,
    writer: writable.getWriter(),
    teller: teller.stream(),
    tap: (frames) => assembler.add(frames),
    callerLeft: run.caller.request.signal,
    seal,
  });
  run.caller.keepAlive(relayed);
  return new Response(readable, { headers: { ...run.headers(progress), ...STREAM_HEADERS } });
}
