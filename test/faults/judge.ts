import type { Span } from "@millrace/core/contract";
import type { Observation } from "./run-scenario.ts";
import type { Expectation, Scenario } from "./scenario.ts";
import { PRICE } from "./lab.ts";
import { ANSWER, USAGE } from "./wire.ts";

/** One row of the scorecard. */
export interface Verdict {
  readonly fault: string;
  readonly form: "stream" | "whole";
  readonly passed: boolean;
  readonly outcome: Expectation["outcome"] | "wrong";
  /** Tokens of the answer that the caller got: exact where it is whole, else one for each piece of text. */
  readonly deliveredTokens: number;
  /** Characters that the caller got more than once. */
  readonly duplicates: number;
  /** Micro-dollars by which the cost of the exchange differs from that of what the providers reported; NaN where one is known and the other not. */
  readonly costErrorUsdMicros: number;
  readonly faults: readonly string[];
}

function attemptName({ attributes }: Span): string {
  return ["kind", "provider", "outcome"].map((name) => attributes[name] as string).join(" ");
}

interface Consumed {
  readonly input: number;
  readonly output: number;
}

const costOf = ({ input, output }: Consumed): number => input * PRICE.input + output * PRICE.output;

interface KnownPart extends Consumed {
  readonly isReported: boolean;
  readonly isEstimated: boolean;
}

/** What each attempt says that it consumed; undefined = unknown: something came, or the server may have worked unseen. Tokens. */
function consumed({ attributes }: Span): KnownPart | undefined {
  const usage = attributes["usage"] as { source: string; input_tokens: number; output_tokens: number } | null;
  if (usage !== null) {
    const isReported = usage.source === "provider";
    return { input: usage.input_tokens, output: usage.output_tokens, isReported, isEstimated: !isReported };
  }
  const isRefused =
    attributes["outcome"] === "failed" && attributes["received_chars"] === 0 && attributes["in_doubt"] === false;
  return isRefused ? { input: 0, output: 0, isReported: false, isEstimated: false } : undefined;
}

const sum = (parts: readonly Consumed[]): Consumed => ({
  input: parts.reduce((total, part) => total + part.input, 0),
  output: parts.reduce((total, part) => total + part.output, 0),
});

/** How far the account is off: what providers reported against the script, and the trace's cost against its attempts. */
function costError(seen: Observation, expect: Expectation): number {
  const answers = expect.attempts.filter((attempt) => attempt.endsWith(" ok")).length;
  const due = expect.billed ?? { input: answers * USAGE.prompt_tokens, output: answers * USAGE.completion_tokens };
  const parts = seen.attempts.map(consumed);
  const known = parts.filter((part) => part !== undefined);
  const reported = sum(known.filter(({ isReported }) => isReported));
  const off =
    Math.abs(reported.input - due.input) * PRICE.input + Math.abs(reported.output - due.output) * PRICE.output;
  const cost = seen.record.cost_usd_micros;
  // An answer that was not counted: unknown, or estimated and marked where it is what the caller heard.
  if (known.length < parts.length) return cost === null || seen.record.usage?.source === "estimated" ? off : Number.NaN;
  if (cost === null) return Number.NaN;
  // A stream that broke before its provider counted is estimated, and marked: what is left of the cost is what was reported.
  if (known.some(({ isEstimated }) => isEstimated)) return off + Math.max(0, costOf(reported) - cost);
  return off + Math.abs(cost - costOf(sum(known)));
}

function same(faults: string[], what: string, [seen, expected]: readonly [unknown, unknown]): void {
  if (JSON.stringify(seen) !== JSON.stringify(expected))
    faults.push(`${what} is ${JSON.stringify(seen)} instead of ${JSON.stringify(expected)}`);
}

function expectedText(expect: Expectation): string {
  if (expect.outcome === "refused") return "";
  return expect.text ?? ANSWER;
}

function judgeAnswer(seen: Observation, scenario: Scenario, faults: string[]): void {
  const { expect } = scenario;
  if (expect.outcome !== "answered") return;
  same(faults, "status", [seen.status, 200]);
  same(faults, "error", [seen.errorCode, undefined]);
  same(faults, "end", [seen.done, true]);
  same(faults, "finish reason", [seen.finish, expect.finish ?? "stop"]);
  same(faults, "answering provider", [seen.record.provider, expect.by]);
  same(faults, "answering model", [seen.record.model, `model-${expect.by}`]);
  same(faults, "model of the last words", [seen.lastModel, `model-${expect.by}`]);
  // A stream's headers are sent before anything can break it.
  if (!expect.attempts.some((attempt) => attempt.startsWith("resume")))
    same(faults, "headers", [seen.told, `${expect.by}/model-${expect.by}`]);
  same(faults, "trace status", [seen.record.status, "ok"]);
  if (seen.record.usage === null) faults.push("the trace has no usage");
  if (seen.usage !== undefined || expect.billed === undefined) {
    const total = (seen.usage?.prompt_tokens ?? 0) + (seen.usage?.completion_tokens ?? 0);
    same(faults, "usage told", [total, USAGE.total_tokens]);
  }
}

function judgeFailure(seen: Observation, expect: Expectation, faults: string[]): void {
  if (expect.outcome === "answered") return;
  same(faults, "error", [seen.errorCode, expect.code]);
  if (expect.outcome === "refused") {
    same(faults, "status", [seen.status, expect.status]);
    same(faults, "causes", [seen.causes, expect.causes]);
    if (expect.retryAfter !== undefined) same(faults, "retry-after", [seen.retryAfter, expect.retryAfter]);
    return;
  }
  same(faults, "status", [seen.status, 200]);
  same(faults, "end", [seen.done, false]);
  same(faults, "finish reason", [seen.finish, undefined]);
  if (seen.record.status === "ok") faults.push("the trace calls a broken answer ok");
}

/** Compares what was seen with what must be. */
export function judge(scenario: Scenario, seen: Observation): Verdict {
  const { expect, fault, stream, check } = scenario;
  const faults: string[] = [];
  same(faults, "text", [seen.text, expectedText(expect)]);
  same(faults, "attempts", [seen.attempts.map(attemptName), expect.attempts]);
  const doubtful = seen.attempts.filter(({ attributes }) => attributes["in_doubt"] === true);
  same(faults, "attempts in doubt", [doubtful.length, expect.inDoubt ?? 0]);
  judgeAnswer(seen, scenario, faults);
  judgeFailure(seen, expect, faults);
  if (stream && seen.ids > 1) faults.push(`the chunks carry ${seen.ids} ids`);
  const wrong = check?.(seen.events);
  if (wrong !== undefined) faults.push(wrong);
  if (!seen.healthy) faults.push("the next request was not answered");
  const costErrorUsdMicros = costError(seen, expect);
  if (costErrorUsdMicros !== 0) faults.push(`the account is off by ${costErrorUsdMicros} micro-dollars`);
  return {
    fault,
    form: stream ? "stream" : "whole",
    passed: faults.length === 0,
    outcome: faults.length === 0 ? expect.outcome : "wrong",
    deliveredTokens: seen.usage?.completion_tokens ?? seen.pieces,
    duplicates: Math.max(0, seen.text.length - expectedText(expect).length),
    costErrorUsdMicros,
    faults,
  };
}
