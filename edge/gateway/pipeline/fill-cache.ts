import type { Teller } from "../dialects/dialect.ts";
import type { AnswerSummary } from "../exchange/answer.ts";
import { type CacheDecision, isCacheable } from "../stages/cache/index.ts";
import type { ExchangeRun } from "./exchange-run.ts";

/** The miss that an answer may fill, if the exchange reads the cache at all. */
export type CacheFill = Extract<CacheDecision, { state: "miss" }> | undefined;

/** Keeps a whole answer beside the response, and hands it to those who wait for the same. A cache that is away costs a later hit, never this answer. */
export function fillCache(
  run: ExchangeRun,
  fill: CacheFill,
  answer: { readonly summary: AnswerSummary; readonly text: string; readonly teller: Pick<Teller, "canRetell"> },
): void {
  if (fill === undefined || !isCacheable(answer.summary, answer.text)) return;
  const { response } = answer.summary;
  if (response !== undefined && answer.teller.canRetell?.(response) === false) return;
  const kept = run.deps.cache.put(fill.key, answer.text, fill.ttlSeconds).catch(() => undefined);
  run.land(answer.text, kept);
  run.caller.keepAlive(kept);
}
