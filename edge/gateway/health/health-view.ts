import type { Failure } from "@millrace/core/routing";
import type { Target } from "../exchange/target.ts";

/** How an admitted call ended; said exactly once for each. */
export type CallOutcome =
  | { readonly kind: "ok" }
  | { readonly kind: "failed"; readonly failure: Failure }
  /** The caller left, or the call lost a race: no word about the target. */
  | { readonly kind: "cancelled" };

export interface AdmittedCall {
  readonly ok: true;
  /** Which of the provider's secrets to use; undefined when it names none. */
  readonly secretName: string | undefined;
  /** The one call that finds out whether the target is well again. */
  readonly isProbe: boolean;
  /** Gives the place back and reports the outcome. Later calls of the same function change nothing. */
  release(outcome: CallOutcome, nowMs: number): void;
}

export interface RefusedCall {
  readonly ok: false;
  /** `rate-limited`: the server itself said when to come back. `no-live-key`: every key was refused, or has nothing left to spend. */
  readonly reason: "circuit-open" | "at-capacity" | "no-live-key" | "rate-limited";
  /** When asking again can have another answer. */
  readonly retryAfterMs: number;
  /**
   * Asks once more. `at-capacity`: the shared state, one RPC, for a place when this isolate holds none (worth it before another target is tried).
   * Else, when no other target is left: for the lease of a probe, or for a call of the last resort past an open circuit or a key that was set aside,
   * of which each isolate has one at a time out. Absent when it could not answer otherwise.
   */
  readonly ask?: () => Promise<Admittance>;
}

export type Admittance = AdmittedCall | RefusedCall;

export interface AdmitOptions {
  readonly nowMs: number;
  /** Keys, and keys' limits for one model, that this exchange has found wanting already: their ids. */
  readonly avoid?: ReadonlySet<string>;
}

/** What this isolate knows about the targets of one environment. Answers from memory; what it learns travels in the background. */
export interface HealthView {
  admit(target: Target, options: AdmitOptions): Admittance;
  /** A first token came after so long. Once for each call; `release` is still due. */
  observeFirstToken(target: Target, firstTokenMs: number, nowMs: number): void;
  /** Peak-EWMA of first-token times; undefined = none seen. */
  firstTokenMs(target: Target, nowMs: number): number | undefined;
  /** Calls under way in this isolate. */
  pending(target: Target): number;
  /** A quantile of the recent first-token times; undefined until enough were seen to have one. */
  firstTokenQuantileMs(target: Target, quantile: number): number | undefined;
  /** Other keys of the target that a call could use now. */
  otherKeys(target: Target, options: AdmitOptions): number;
}

/** Hands out views, and lives as long as its isolate. */
export interface HealthViews {
  of(environmentId: string, keepAlive: (work: Promise<unknown>) => void): HealthView;
}
