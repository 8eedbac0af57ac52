import type { WholeAnswer } from "../exchange/answer.ts";
import type { Resolution } from "../exchange/resolution.ts";
import type { Teller } from "../dialects/dialect.ts";
import { replayFrames } from "../stream/replay-frames.ts";
import { summariseWhole } from "../stream/summarise-whole.ts";
import type { ExchangeRun, Prepared } from "./exchange-run.ts";
import { type CacheFill, fillCache } from "./fill-cache.ts";

export const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
} as const;

/** An answer that is here in one piece, told as the stream that was asked for. */
async function asStream(answer: WholeAnswer, resolution: Resolution, teller: Teller): Promise<string> {
  const own = teller.streamed?.(answer);
  if (own !== undefined) return own;
  const stream = teller.stream();
  return stream.frames(replayFrames(answer.body, resolution)) + (await stream.end());
}

/** The response for an answer that is here in one piece: from the cache, from a model that was not asked to stream, or from one that does not. */
export async function wholeResponse(
  run: ExchangeRun,
  progress: Prepared,
  { answer, fill }: { readonly answer: WholeAnswer; readonly fill: CacheFill },
): Promise<Response> {
  const { resolution } = progress;
  const summary = summariseWhole(resolution.surface, answer.body);
  const teller = run.teller(progress);
  const { stream } = resolution;
  const told = stream ? await asStream(answer, resolution, teller) : await teller.whole(answer);
  fillCache(run, fill, { summary, text: answer.text, teller });
  const account = await run.account(progress, summary);
  const headers = run.headers(progress, account);
  await run.conclude(progress, {
    status: "ok",
    httpStatus: 200,
    error: undefined,
    summary,
    firstTokenMs: run.timeline.elapsedMs(),
    account,
  });
  const type = stream ? STREAM_HEADERS : { "content-type": "application/json" };
  return new Response(told, { headers: { ...headers, ...type } });
}
