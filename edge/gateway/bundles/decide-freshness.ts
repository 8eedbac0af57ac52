export interface FreshnessRules {
  readonly freshMs: number;
  readonly staleMs: number;
}

/**
 * What to do with a bundle whose pointer was confirmed so long ago.
 * `use`: younger than `freshMs`. `refresh-behind`: serve it and ask the hub beside the answer. `refresh-first`: too old to serve unasked.
 */
export type Freshness = "use" | "refresh-behind" | "refresh-first";

export interface HeldState {
  /** Since the hub last confirmed the pointer. */
  readonly ageMs: number;
  /** Since the last attempt that failed, or undefined when the last attempt went well. */
  readonly failedMsAgo: number | undefined;
}

/** A hub that just failed is not asked again by every request: one answer pays for the attempt, the others serve what is held. */
export const RETRY_AFTER_FAILURE_MS = 500;

/** Together: a change is seen within `staleMs` plus one round trip while the hub answers, and an outage costs no request a wait but the first. */
export function decideFreshness(held: HeldState, rules: FreshnessRules): Freshness {
  if (held.failedMsAgo !== undefined) return held.failedMsAgo < RETRY_AFTER_FAILURE_MS ? "use" : "refresh-behind";
  if (held.ageMs < rules.freshMs) return "use";
  return held.ageMs < rules.staleMs ? "refresh-behind" : "refresh-first";
}
