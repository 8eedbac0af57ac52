import type { Usage } from "@millrace/core/contract";
import type { Attempt } from "../exchange/attempt-log.ts";
import type { Target } from "../exchange/target.ts";
import type { Interval } from "../exchange/timeline.ts";
import type { ExchangeFacts } from "../stages/record/trace-message.ts";
import type { IsolateMetrics } from "./isolate-metrics.ts";
import { ownTimeMs } from "./own-time.ts";

/** An exchange that is over: what its trace says, and how long the caller waited in all. */
export interface EndedExchange {
  readonly facts: Omit<ExchangeFacts, "request" | "asked">;
  readonly durationMs: number;
}

type Metrics = Pick<IsolateMetrics, "count" | "observe">;
type TargetLabels = readonly [provider: string, model: string];

const MICROS = 1e-6;
const directions = {
  input: "inputTokens",
  output: "outputTokens",
  cached_input: "cachedInputTokens",
  reasoning: "reasoningTokens",
} as const satisfies Record<string, keyof Usage>;

function seconds(ms: number): number {
  return Math.max(0, ms) / 1000;
}

function countTokens(usage: Usage | undefined, target: TargetLabels, metrics: Metrics): void {
  if (usage === undefined) return;
  for (const [direction, field] of Object.entries(directions)) {
    const count = usage[field];
    if (count !== undefined && count > 0) metrics.count("tokens", [...target, direction, usage.source], count);
  }
}

function observeAttempt(attempt: Attempt, endedAtMs: number, metrics: Metrics): void {
  const { target, kind, outcome, errorCode, startedAtMs, firstTokenMs } = attempt;
  const labels = labelsOf(target);
  metrics.count("attempts", [target.provider.name, kind, outcome, errorCode ?? "none"]);
  metrics.observe("attemptDuration", labels, seconds(endedAtMs - startedAtMs));
  if (firstTokenMs !== undefined) metrics.observe("attemptFirstToken", labels, seconds(firstTokenMs));
}

function labelsOf(target: Target): TargetLabels {
  return [target.provider.name, target.model];
}

function countUsage({ account, attempts, cache }: EndedExchange["facts"], metrics: Metrics): void {
  for (const { target, usage } of attempts.attempts) countTokens(usage, labelsOf(target), metrics);
  // What no provider counted is in the account only: it belongs to the target that answered.
  const isCounted = attempts.attempts.some(({ usage }) => usage !== undefined);
  if (!isCounted && attempts.answeredBy !== undefined && cache !== "hit")
    countTokens(account.usage, labelsOf(attempts.answeredBy), metrics);
}

function countCost({ account, attempts, resolution }: EndedExchange["facts"], metrics: Metrics): void {
  const target = attempts.answeredBy ?? attempts.attempts.at(-1)?.target ?? resolution?.candidates[0];
  if (target === undefined) return;
  const labels = labelsOf(target);
  const { costUsdMicros, savedUsdMicros } = account;
  if (costUsdMicros !== undefined && costUsdMicros > 0) metrics.count("cost", labels, costUsdMicros * MICROS);
  if (costUsdMicros === undefined && attempts.started > 0) metrics.count("unpriced", labels);
  if (savedUsdMicros !== undefined && savedUsdMicros > 0) metrics.count("saved", labels, savedUsdMicros * MICROS);
}

/** Text of an attribute that a stage left with its time. */
function told({ attributes }: Interval, name: string): string | undefined {
  const value = attributes[name];
  return typeof value === "string" ? value : undefined;
}

/** @returns whether the exchange waited for another one's answer. */
function observeStages(intervals: readonly Interval[], metrics: Metrics): boolean {
  let isCollapsed = false;
  for (const interval of intervals) {
    const { name, startedAtMs, endedAtMs } = interval;
    if (name === "attempt") continue;
    metrics.observe("stage", [name], seconds(endedAtMs - startedAtMs));
    if (name === "reserve") {
      const decision = told(interval, "decision") ?? "none";
      metrics.count("ledger", [decision, decision === "refused" ? (told(interval, "reason") ?? "internal") : "none"]);
    } else if (name === "cache") isCollapsed = told(interval, "reason") === "collapsed";
  }
  return isCollapsed;
}

/** Counts one exchange. After the answer: nothing here is on anyone's way. */
export function observeExchange({ facts, durationMs }: EndedExchange, metrics: Metrics): void {
  const { admission, attempts, cache, errorCode, firstTokenMs, httpStatus, status, surface, timeline } = facts;
  metrics.count("exchanges", [surface, status, String(httpStatus), cache]);
  if (errorCode !== undefined) metrics.count("exchangeErrors", [surface, errorCode]);
  metrics.observe("exchangeDuration", [surface], seconds(durationMs));
  if (firstTokenMs !== undefined) metrics.observe("firstToken", [surface], seconds(firstTokenMs));
  const { intervals } = timeline;
  const collapsed = observeStages(intervals, metrics);
  metrics.count("cache", [collapsed ? "collapsed" : cache]);
  metrics.observe("overhead", [surface], seconds(ownTimeMs({ durationMs, intervals, collapsed })));
  const ends = intervals.filter(({ name }) => name === "attempt");
  for (const [index, attempt] of attempts.attempts.entries())
    observeAttempt(attempt, ends[index]?.endedAtMs ?? attempt.startedAtMs, metrics);
  countUsage(facts, metrics);
  countCost(facts, metrics);
  metrics.observe("bundleAge", [], seconds(admission.config.ageMs));
  if (admission.config.stale) metrics.count("staleBundles", []);
}
