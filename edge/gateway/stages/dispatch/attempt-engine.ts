import { MillraceError, toMillraceError } from "@millrace/core/contract";
import { classifyFailure, decideHedge, decideNextStep, fullJitterMs, type NextStep } from "@millrace/core/routing";
import type { ModelAnswer } from "../../exchange/answer.ts";
import type { AttemptKind } from "../../exchange/attempt-log.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { Resolution } from "../../exchange/resolution.ts";
import type { PlannedTarget } from "../../exchange/target.ts";
import { keyId, limitId } from "../../health/health-ids.ts";
import type { AdmittedCall, RefusedCall } from "../../health/health-view.ts";
import { combineFailures, type MissedAnswer } from "./combine-failures.ts";
import { isFiltered } from "./is-filtered.ts";
import { pause } from "./pause.ts";
import { TargetCall, type TargetCallDeps } from "./target-call.ts";

export interface AttemptDeps extends TargetCallDeps {
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  /** Whether one more call may be billed beside those that may be already; asked before every call but the first. */
  readonly mayCall: () => Promise<boolean>;
}

/** A call whose answer is here, or whose stream has begun. */
export interface OpenedCall {
  readonly kind: "opened";
  readonly call: TargetCall;
  /** Position of its target in the plan. */
  readonly index: number;
  readonly answer: ModelAnswer;
}

interface FailedCall {
  readonly kind: "failed";
  readonly call: TargetCall;
  readonly index: number;
  readonly error: MillraceError;
}

interface CallUnderWay {
  readonly call: TargetCall;
  readonly index: number;
  /** Never rejects. */
  readonly outcome: Promise<OpenedCall | FailedCall>;
}

interface Admitted {
  readonly index: number;
  readonly target: PlannedTarget;
  readonly admitted: AdmittedCall;
}

/**
 * The attempts of one exchange: walks the plan's candidates as far as the model's settings allow, one deadline and one count for all. What it
 * decides is decided in `core/routing`; here it is carried out.
 */
export class AttemptEngine {
  readonly resolution: Resolution;
  readonly deps: AttemptDeps;
  readonly #deadlineAtMs: number | undefined;
  readonly #missed: MissedAnswer[] = [];
  readonly #tries: number[];
  /** Targets whose streams broke, the latest last. */
  readonly #broken: number[] = [];
  /** Targets that are not asked again. */
  readonly spent = new Set<number>();
  readonly #refused = new Map<number, RefusedCall>();
  /** Keys, and keys' limits for one model, that this exchange has found wanting. */
  readonly #avoid = new Set<string>();

  constructor(resolution: Resolution, deps: AttemptDeps) {
    this.resolution = resolution;
    this.deps = deps;
    const { deadline_ms: deadlineMs } = resolution.resilience;
    this.#deadlineAtMs = deadlineMs === undefined ? undefined : deps.nowMs() + deadlineMs;
    this.#tries = resolution.candidates.map(() => 0);
  }

  /** What is left until the deadline; undefined = there is none. */
  remainingMs(): number | undefined {
    return this.#deadlineAtMs === undefined ? undefined : this.#deadlineAtMs - this.deps.nowMs();
  }

  /** Whether one more call may be made. */
  get mayTry(): boolean {
    return this.deps.attempts.started < this.resolution.resilience.max_attempts && (this.remainingMs() ?? 1) > 0;
  }

  miss(index: number, error: MillraceError): void {
    const target = this.resolution.candidates[index];
    if (target !== undefined) this.#missed.push({ target, error });
  }

  /** A stream of this target broke. */
  broke(index: number): void {
    const known = this.#broken.indexOf(index);
    if (known >= 0) this.#broken.splice(known, 1);
    this.#broken.push(index);
  }

  get broken(): readonly number[] {
    return this.#broken;
  }

  failure(breach?: MillraceError): MillraceError {
    return combineFailures(this.#missed, breach);
  }

  /** The first answer of the plan that can be given to the caller. @throws MillraceError one for all, when there is none. */
  async open(): Promise<OpenedCall> {
    let current: number | undefined;
    let kind: AttemptKind = "first";
    for (;;) {
      const place = await this.#admitNext(current);
      if (place === undefined) throw this.failure();
      if (kind === "retry" && place.index !== current) kind = "fallback";
      const outcome = await this.#attempt(place, kind);
      if (outcome.kind === "opened") {
        this.deps.attempts.answers(outcome.call.target);
        return outcome;
      }
      current = outcome.index;
      const step = this.#stepAfter(outcome);
      if (step.kind === "give-up") throw this.failure();
      kind = step.kind === "next-target" ? "fallback" : "retry";
      await this.#follow(step, outcome);
    }
  }

  /** A call of one target. */
  start(place: Admitted, kind: AttemptKind, call: ModelCall = this.resolution.callFor(place.target)): TargetCall {
    this.#tries[place.index] = (this.#tries[place.index] ?? 0) + 1;
    const { target, admitted } = place;
    const { inputTokens } = this.resolution;
    return new TargetCall(call, { target, admitted, kind, inputTokens, remainingMs: this.remainingMs() }, this.deps);
  }

  /** Whether the budgets have room for one more call; for the first they have been asked already. */
  async #hasRoom(): Promise<boolean> {
    return this.deps.attempts.started === 0 || this.deps.mayCall();
  }

  /** Asks health for a place at one target. */
  async admit(index: number): Promise<Admitted | undefined> {
    const target = this.resolution.candidates[index];
    if (target === undefined) return undefined;
    if (!(await this.#hasRoom())) return undefined;
    let admittance = this.deps.health.admit(target, { nowMs: this.deps.nowMs(), avoid: this.#avoid });
    // A place elsewhere costs one question; another target may cost much more.
    if (!admittance.ok && admittance.reason === "at-capacity" && admittance.ask !== undefined)
      admittance = await admittance.ask();
    if (admittance.ok) return { index, target, admitted: admittance };
    if (!this.#refused.has(index)) this.#missed.push({ target, refused: admittance });
    this.#refused.set(index, admittance);
    return undefined;
  }

  /** Full jitter before a target that just failed is asked again. */
  async backOff(attempt: number): Promise<void> {
    const { backoff_ms: baseMs } = this.resolution.resilience;
    await this.#wait(fullJitterMs({ baseMs, attempt }, this.deps.chance()));
  }

  async #wait(delayMs: number): Promise<void> {
    const within = Math.min(delayMs, this.remainingMs() ?? delayMs);
    try {
      await pause(within, this.deps.callerLeft, this.deps);
    } catch {
      throw new MillraceError("client-closed");
    }
  }

  async #admitNext(current: number | undefined): Promise<Admitted | undefined> {
    const positions = [...this.resolution.candidates.keys()].filter((at) => at !== current && !this.#refused.has(at));
    for (const index of [...(current === undefined ? [] : [current]), ...positions]) {
      if (this.spent.has(index)) continue;
      const place = await this.admit(index);
      if (place !== undefined) return place;
    }
    // Nobody else is left: the lease of a probe is worth a question.
    for (const [index, refused] of this.#refused) {
      const target = this.resolution.candidates[index];
      if (this.spent.has(index) || target === undefined || refused.ask === undefined) continue;
      if (!(await this.#hasRoom())) return undefined;
      this.spent.add(index);
      const admittance = await refused.ask();
      if (admittance.ok) return { index, target, admitted: admittance };
    }
    return undefined;
  }

  #stepAfter({ call, index, error }: FailedCall): NextStep {
    const failure = classifyFailure(error);
    if (call.secretName !== undefined) {
      // A full server says nothing about the key's other models.
      if (failure.class === "key") this.#avoid.add(keyId(call.target.provider, call.secretName));
      if (failure.code === "upstream-overloaded") this.#avoid.add(limitId(call.target, call.secretName));
    }
    const state = {
      attempts: this.deps.attempts.started,
      attemptsOfTarget: this.#tries[index] ?? 1,
      otherKeys: this.#otherKeys(call),
      targetsLeft: this.#targetsLeft(index),
      contextTokens: this.resolution.candidates[index]?.contextTokens,
      remainingMs: this.remainingMs(),
    };
    const context = { settings: this.resolution.resilience, deps: this.deps };
    const step = decideNextStep(failure, state, context);
    if (step.kind !== "give-up" || failure.class !== "request" || !this.#mayIgnore(index)) return step;
    return {
      kind: "next-target",
      contextAbove: undefined,
      reason: "a fallback that dislikes the request proves nothing",
    };
  }

  /** A target that was only asked because another failed does not have the last word about the request. */
  #mayIgnore(index: number): boolean {
    const faulted = this.#missed.some((one) => "error" in one && classifyFailure(one.error).class !== "request");
    return faulted && this.#targetsLeft(index) > 0 && this.mayTry;
  }

  #otherKeys({ target, secretName }: TargetCall): number {
    // Who needs no key has no other.
    if (secretName === undefined) return 0;
    return this.deps.health.otherKeys(target, { nowMs: this.deps.nowMs(), avoid: this.#avoid });
  }

  #targetsLeft(index: number): number {
    const canAsk = (at: number): boolean => {
      const refused = this.#refused.get(at);
      return refused === undefined || refused.ask !== undefined;
    };
    return [...this.resolution.candidates.keys()].filter((at) => at !== index && !this.spent.has(at) && canAsk(at))
      .length;
  }

  async #follow(step: Exclude<NextStep, { kind: "give-up" }>, { call, index }: FailedCall): Promise<void> {
    if (step.kind === "retry") {
      // The same key may be asked again: the wait was for it.
      this.#avoid.delete(limitId(call.target, call.secretName));
      await this.#wait(step.afterMs);
    }
    if (step.kind !== "next-target") return;
    this.spent.add(index);
    if (step.contextAbove === undefined) return;
    for (const [at, candidate] of this.resolution.candidates.entries()) {
      if (candidate.contextTokens !== undefined && candidate.contextTokens <= step.contextAbove) this.spent.add(at);
    }
  }

  /** One attempt, or two that race. */
  async #attempt(place: Admitted, kind: AttemptKind): Promise<OpenedCall | FailedCall> {
    const first = this.#settle(this.start(place, kind), place.index);
    const rival = kind === "first" ? await this.#rival(place.index, first.outcome) : undefined;
    const sooner = await (rival === undefined ? first.outcome : Promise.race([first.outcome, rival.outcome]));
    if (rival === undefined) return this.#noted(sooner);
    const other = sooner.call === first.call ? rival : first;
    if (sooner.kind === "opened") {
      other.call.cancel(new MillraceError("internal", { message: "Another call was faster." }));
      return sooner;
    }
    this.#noted(sooner);
    const later = this.#noted(await other.outcome);
    if (later.kind === "failed" && other.index !== sooner.index) this.spent.add(sooner.index);
    return later;
  }

  #noted(outcome: OpenedCall | FailedCall): OpenedCall | FailedCall {
    if (outcome.kind === "failed") this.miss(outcome.index, outcome.error);
    return outcome;
  }

  /** A second call, once the first has been slow for long enough. */
  async #rival(index: number, first: Promise<unknown>): Promise<CallUnderWay | undefined> {
    const { candidates, resilience, stream } = this.resolution;
    const target = candidates[index];
    if (resilience.hedge === undefined || target === undefined) return undefined;
    const other = [...candidates.keys()].find((at) => at !== index && !this.spent.has(at)) ?? index;
    const quantile = resilience.hedge.after_quantile;
    const decision = decideHedge({
      settings: resilience,
      quantileMs: quantile === undefined ? undefined : this.deps.health.firstTokenQuantileMs(target, quantile),
      stream,
      expectedCostUsdMicros: candidates[other]?.expectedCostUsdMicros,
    });
    if (decision.kind === "wait") return undefined;
    const settled = new AbortController();
    void first.then(() => settled.abort());
    const isSlow = await pause(decision.afterMs, settled.signal, this.deps).then(
      () => true,
      () => false,
    );
    const isWanted = (): boolean => !settled.signal.aborted && !this.deps.callerLeft.aborted && this.mayTry;
    if (!isSlow || !isWanted()) return undefined;
    const place = await this.admit(other);
    if (place === undefined) return undefined;
    // A place may take its time: what is not wanted any more is not sent, and not billed.
    if (isWanted()) return this.#settle(this.start(place, "hedge"), other);
    place.admitted.release({ kind: "cancelled" }, this.deps.nowMs());
    return undefined;
  }

  #settle(call: TargetCall, index: number): CallUnderWay {
    const settle = async (): Promise<OpenedCall | FailedCall> => {
      try {
        const answer = await call.open();
        if (!this.#isRefusal(answer, index)) return { kind: "opened", call, index, answer };
        const error = new MillraceError("content-filtered", {
          message: "The provider's content filter stopped the answer.",
        });
        await call.drain();
        call.reject(error);
        return { kind: "failed", call, index, error };
      } catch (cause) {
        return { kind: "failed", call, index, error: toMillraceError(cause) };
      }
    };
    return { call, index, outcome: settle() };
  }

  /** A filtered answer is an answer, unless the model sends it elsewhere and there is an elsewhere. */
  #isRefusal(answer: ModelAnswer, index: number): boolean {
    const { fallback_on_content_filter: allowed } = this.resolution.resilience;
    return allowed && this.mayTry && this.#targetsLeft(index) > 0 && isFiltered(answer);
  }
}
