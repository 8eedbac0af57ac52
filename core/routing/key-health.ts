import type { Failure } from "./failure-class.ts";

/** What is known against one of a provider's keys; a key without an entry is well. */
export interface KeyTrouble {
  readonly kind: "dead" | "spent" | "limited";
  /** Until then the key is not used; after it, by one call at a time, until one succeeds. */
  readonly untilMs: number;
  /** How often in a row. */
  readonly strikes: number;
}

/** A key that the provider refuses is tried again after so long, doubled each time: long enough not to hammer, short enough for whoever mends it. */
const DEAD_MS = 15_000;
/** An account is filled up, or its period ends, more slowly. */
const SPENT_MS = 60_000;
/** A mended key is noticed within this time at the latest. */
const MAX_SET_ASIDE_MS = 300_000;

/** Doubling without a bound on the exponent would leave the numbers. */
function doubledMs(firstMs: number, strikes: number): number {
  return Math.min(MAX_SET_ASIDE_MS, firstMs * 2 ** Math.min(strikes - 1, 16));
}

/** What a failed call says about the key that it used; undefined = nothing. */
export function troubleAfter(failure: Failure, before: KeyTrouble | undefined, nowMs: number): KeyTrouble | undefined {
  const strikes = (before?.strikes ?? 0) + 1;
  const { code, retryAfterMs } = failure;
  if (code === "upstream-unauthorized" || code === "secret-missing") {
    return { kind: "dead", untilMs: nowMs + doubledMs(DEAD_MS, strikes), strikes };
  }
  if (code === "upstream-quota-exhausted") {
    return { kind: "spent", untilMs: nowMs + (retryAfterMs ?? doubledMs(SPENT_MS, strikes)), strikes };
  }
  // The server said when to come back: until then it would only say so again.
  if (code === "upstream-overloaded" && retryAfterMs !== undefined) {
    return { kind: "limited", untilMs: nowMs + retryAfterMs, strikes: 1 };
  }
  return undefined;
}

/** Evidence against the target, unless the server named the time at which it can answer again: then only the key waits. */
export function countsAgainstTarget(failure: Failure): boolean {
  return failure.countsAgainstTarget && !(failure.code === "upstream-overloaded" && failure.retryAfterMs !== undefined);
}

/** Of two reports on one key, the one that lasts longer. */
export function worseTrouble(a: KeyTrouble | undefined, b: KeyTrouble | undefined): KeyTrouble | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.untilMs >= b.untilMs ? a : b;
}
