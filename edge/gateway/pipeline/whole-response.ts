import type { WholeAnswer } from "../exchange/answer.ts";
import type { Resolution } from "../exchange/resolution.ts";
import { replayFrames } from "../stream/replay-frames.ts";
import { summariseWhole } from "../stream/summarise-whole.ts";
import type { ExchangeRun, Progress } from "./exchange-run.ts";
import { type CacheFill, fillCache } from "./fill-cache.ts";

export const STREAM_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
} as const;

/** An answer that is here in one piece, told as the stream that was asked for. */
function asStream(answer: WholeAnswer, resolution: Resolution): string {
  const frames = replayFrames(answer.body, resolution);
  return `${frames.map((frame) => `data: ${frame.raw ?? ""}\n\n`).join("")}data: [DONE]\n\n`;
}

/** The response for an answer that is here in one piece: from the cache, from a model that was not asked to stream, or from one that does not. */
export async function wholeResponse(
  run: ExchangeRun,
  progress: Progress & { readonly resolution: Resolution },
  { answer, fill }: { readonly answer: WholeAnswer; readonly fill: CacheFill },
): Promise<Response> {
  const { resolution } = progress;
  const summary = summariseWhole(run.surface, answer.body);
  fillCache(run, fill, { summary, text: answer.text });
  const headers = run.headers(progress);
  await run.conclude(progress, {
    status: "ok",
    httpStatus: 200,
    error: undefined,
    summary,
    firstTokenMs: run.timeline.elapsedMs(),
  });
  if (resolution.stream)
    return new Response(asStream(answer, resolution), { headers: { ...headers, ...STREAM_HEADERS } });
  return new Response(answer.text, { headers: { ...headers, "content-type": "application/json" } });
}
