import type { ErrorCode } from "../contract/index.ts";

/**
 * Whom a failure is about. `key`: our credentials for the provider · `target`: the place that was called · `request`: what the caller sent ·
 * `policy`: the provider's content filter · `caller`: the caller left, or a limit of ours ended the exchange.
 */
export type FailureClass = "key" | "target" | "request" | "policy" | "caller";

export interface FailureTraits {
  readonly class: FailureClass;
  /** The same target may succeed when it is asked again. */
  readonly retryHelps: boolean;
  /** Another target may succeed. */
  readonly othersMayHelp: boolean;
  /** Evidence that the target is not well, for its circuit. */
  readonly countsAgainstTarget: boolean;
}

/** One failed attempt, as decisions need it. */
export interface Failure extends FailureTraits {
  readonly code: ErrorCode;
  /** The wait that the server asked for. */
  readonly retryAfterMs: number | undefined;
}

const target: FailureTraits = { class: "target", retryHelps: true, othersMayHelp: true, countsAgainstTarget: true };
const silent: FailureTraits = { ...target, retryHelps: false };
const key: FailureTraits = { class: "key", retryHelps: false, othersMayHelp: true, countsAgainstTarget: false };
const request: FailureTraits = {
  class: "request",
  retryHelps: false,
  othersMayHelp: false,
  countsAgainstTarget: false,
};
const unsuitable: FailureTraits = { ...request, othersMayHelp: true };

/** What is not here is the caller's or our own affair, and ends the exchange. */
const traitsByCode: ReadonlyMap<ErrorCode, FailureTraits> = new Map<ErrorCode, FailureTraits>([
  ["upstream-refused", target],
  // Who kept us waiting once would do so again: the time is better spent on the next target.
  ["upstream-timeout", silent],
  ["upstream-overloaded", target],
  ["upstream-failed", target],
  ["upstream-garbage", target],
  ["upstream-truncated", target],
  // No such model, no such path: a mistake in the route or at the provider, which time does not mend.
  ["upstream-rejected", silent],
  ["upstream-unauthorized", key],
  ["upstream-quota-exhausted", key],
  ["secret-missing", key],
  ["overloaded", target],
  ["model-unavailable", silent],
  ["engine-failed", target],
  ["url-not-allowed", { ...silent, countsAgainstTarget: false }],
  // A fault of one adapter; it says nothing about the others, nor about the target's health.
  ["internal", { ...silent, countsAgainstTarget: false }],
  ["context-too-long", unsuitable],
  ["unsupported-parameter", unsuitable],
  ["invalid-request", request],
  // Whoever answers it next would answer as much, at its price.
  ["answer-too-large", request],
  ["content-filtered", { ...request, class: "policy" }],
]);

const ended: FailureTraits = { class: "caller", retryHelps: false, othersMayHelp: false, countsAgainstTarget: false };

/** What an attempt's error means for what comes next. */
export function classifyFailure(error: {
  readonly code: ErrorCode;
  readonly retryAfterSeconds?: number | undefined;
}): Failure {
  const { code, retryAfterSeconds } = error;
  const retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
  return { code, retryAfterMs, ...(traitsByCode.get(code) ?? ended) };
}
