import { isMediaSurface, isMillraceError, MillraceError, toMillraceError, type Usage } from "@millrace/core/contract";
import { classifyFailure, estimateInputTokens } from "@millrace/core/routing";
import type { FrameSource, ModelAnswer } from "../../exchange/answer.ts";
import type { AttemptKind, AttemptLog, AttemptOutcome, Doubt } from "../../exchange/attempt-log.ts";
import { mayHaveRun } from "../../exchange/may-have-run.ts";
import type { ModelCall } from "../../exchange/model-call.ts";
import type { PlannedTarget } from "../../exchange/target.ts";
import type { AdmittedCall, CallOutcome, HealthView } from "../../health/health-view.ts";
import type { FrameBatch, WaitPhase } from "../../providers/provider.ts";
import { readUsage } from "../../providers/openai-wire/read-usage.ts";
import { providerRegistry } from "../../providers/registry.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { StreamTracker } from "./stream-tracker.ts";
import { argumentsOf, faultyArguments } from "./tool-arguments.ts";
import { Watchdog, type WatchdogDeps } from "./watchdog.ts";

/** Frames that may come before the first of an answer's own; a server that sends more of nothing is not waited for any longer. */
const MAX_PRELUDE_FRAMES = 4096;
/** A terminator and usage come with the finish reason or right behind it; a server that forgets them holds up nobody. */
const CLOSING_LIMIT_MS = 2_000;
/** English text in common tokenizers; only ever used where a provider counted nothing, and marked. */
const CHARS_PER_TOKEN = 4;

export interface TargetCallDeps extends WatchdogDeps {
  readonly fetch: typeof fetch;
  readonly allowedPrivateHosts: readonly string[];
  /** The value of a secret of the caller's project. */
  readonly secret: (name: string) => string | undefined;
  /** Fires when the caller has left. */
  readonly callerLeft: AbortSignal;
  readonly attempts: AttemptLog;
  readonly health: HealthView;
}

export interface CallPlace {
  readonly target: PlannedTarget;
  readonly admitted: AdmittedCall;
  readonly kind: AttemptKind;
  /** What is left until the exchange's deadline; undefined = it has none. */
  readonly remainingMs: number | undefined;
  /** Estimated; what a call that was cancelled is taken to have consumed. */
  readonly inputTokens: number;
}

function healthOf(outcome: AttemptOutcome, error: MillraceError | undefined): CallOutcome {
  if (outcome === "failed" && error !== undefined) return { kind: "failed", failure: classifyFailure(error) };
  return { kind: outcome === "ok" ? "ok" : "cancelled" };
}

/** Tokens of a text that nobody counted. */
export function roughTokens(chars: number): number {
  return Math.ceil(chars / CHARS_PER_TOKEN);
}

/**
 * One call of one target, from its admission to its one end. Every wait has its limit, and a limit, like the caller's leaving, aborts the
 * call itself. Ends by itself when its answer is whole, its stream is over, or something breaks; else by `cancel`.
 */
export class TargetCall {
  readonly target: PlannedTarget;
  readonly tracker: StreamTracker;
  readonly kind: AttemptKind;
  readonly #call: ModelCall;
  readonly #place: CallPlace;
  readonly #deps: TargetCallDeps;
  readonly #controller = new AbortController();
  readonly #watchdog: Watchdog;
  readonly #startedAtMs: number;
  readonly #leave: () => void;
  #source: FrameSource | undefined;
  #httpStatus: number | undefined;
  #firstTokenMs: number | undefined;
  #reported: Usage | undefined;
  #sent = false;
  #closing = false;
  #over = false;

  constructor(call: ModelCall, place: CallPlace, deps: TargetCallDeps) {
    this.target = place.target;
    this.kind = place.kind;
    this.tracker = new StreamTracker(call.choices);
    this.#call = call;
    this.#place = place;
    this.#deps = deps;
    this.#startedAtMs = deps.nowMs();
    const { timeouts } = place.target.provider;
    const totalMs = Math.min(timeouts.total_ms, place.remainingMs ?? timeouts.total_ms);
    const expire = (error: MillraceError): void => this.#controller.abort(error);
    this.#watchdog = new Watchdog({ ...timeouts, total_ms: totalMs }, expire, deps);
    this.#leave = () => this.cancel(new MillraceError("client-closed"));
    deps.attempts.begin();
    deps.callerLeft.addEventListener("abort", this.#leave, { once: true });
  }

  get secretName(): string | undefined {
    return this.#place.admitted.secretName;
  }

  /** The whole answer, or a stream of which the first content is here and sound. @throws MillraceError; the call is over then. */
  async open(): Promise<ModelAnswer> {
    try {
      if (this.#deps.callerLeft.aborted) throw new MillraceError("client-closed");
      this.#sent = true;
      const adapter = providerRegistry[this.target.provider.kind];
      const answer = await adapter.call(this.#call, {
        fetch: createGuardedFetch({
          ...this.#deps,
          signal: this.#controller.signal,
          onStatus: (status) => (this.#httpStatus = status),
        }),
        secret: this.#secret(),
        awaiting: (phase) => this.#awaiting(phase),
      });
      if (answer.kind === "media") {
        this.#firstArrived();
        return answer;
      }
      if (answer.kind === "stream") return { ...answer, first: await this.#firstContent(answer) };
      this.#reported = readUsage(answer.body["usage"], answer.body["service_tier"]);
      const fault = faultyArguments(argumentsOf(answer.body));
      if (fault !== undefined) throw fault;
      return answer;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** A whole answer was taken. */
  complete(usage?: Usage): void {
    this.#reported ??= usage;
    this.#end("ok", undefined);
  }

  /** The next piece of an answer that passes by is waited for. */
  reads(): void {
    this.#awaiting("gap");
  }

  /** It came. */
  passed(bytes: number): void {
    this.tracker.receivedChars += bytes;
    this.#rest();
  }

  /** An answer that passes by broke. */
  fail(cause: unknown, usage: Usage | undefined): MillraceError {
    this.#reported ??= usage;
    return this.#fail(cause);
  }

  /** The next frames; undefined when the stream is over and whole. @throws MillraceError; the call is over then. */
  async next(): Promise<FrameBatch | undefined> {
    const source = this.#source;
    if (source === undefined) return undefined;
    try {
      for (;;) {
        if (this.tracker.fault !== undefined) throw this.tracker.fault;
        this.#awaiting("gap");
        const batch = await source.next();
        if (batch === undefined) {
          this.#end("ok", undefined);
          return undefined;
        }
        const kept = this.tracker.see(batch);
        if (this.tracker.complete) this.#close();
        if (kept.length === 0) continue;
        this.#rest();
        return kept;
      }
    } catch (error) {
      // Every choice has finished: what broke behind that is missing nothing but perhaps its usage.
      if (this.tracker.complete && !this.#deps.callerLeft.aborted) {
        this.#end("ok", undefined);
        return undefined;
      }
      throw this.#fail(error);
    }
  }

  /** Ends the call from outside: the caller left, or another call was faster. */
  cancel(reason: MillraceError): void {
    this.#end("cancelled", reason.code === "client-closed" ? reason : undefined);
    this.#controller.abort(reason);
  }

  /** Reads a stream that is not delivered to its end, for the sake of its usage. */
  async drain(): Promise<void> {
    try {
      for (;;) {
        if (this.tracker.complete) this.#close();
        else this.#awaiting("gap");
        const batch = await this.#source?.next();
        if (batch === undefined) return;
        this.tracker.see(batch);
      }
    } catch {
      // Then its usage is not known.
    }
  }

  /** Ends the call because of what it said, which is no word about the target's health. */
  reject(error: MillraceError): void {
    this.#end("failed", error, { kind: "cancelled" });
    this.#controller.abort(error);
  }

  #secret(): string | undefined {
    const name = this.secretName;
    if (name === undefined) return undefined;
    const value = this.#deps.secret(name);
    if (value === undefined) throw new MillraceError("secret-missing", { message: `The secret ${name} is not set.` });
    return value;
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#watchdog.closing(CLOSING_LIMIT_MS);
  }

  #awaiting(phase: WaitPhase): void {
    if (this.#closing) return;
    // Frames without content are no first token; but who sends them is alive, and is waited for anew. Behind the first token only frames count.
    const hasBegun = this.tracker.hasContent || this.#firstTokenMs !== undefined;
    if (phase === "first-token" && hasBegun) return;
    this.#watchdog.awaiting(phase === "gap" && !hasBegun ? "first-token" : phase);
  }

  /** The caller has not taken yet what came. */
  #rest(): void {
    if (!this.#closing) this.#watchdog.rest();
  }

  async #firstContent(answer: { readonly first: FrameBatch; readonly rest: FrameSource }): Promise<FrameBatch> {
    this.#source = answer.rest;
    let frames = this.tracker.see(answer.first);
    while (!this.tracker.hasContent && this.tracker.fault === undefined && frames.length <= MAX_PRELUDE_FRAMES) {
      const batch = await answer.rest.next();
      if (batch === undefined) break;
      frames = [...frames, ...this.tracker.see(batch)];
    }
    if (this.tracker.fault !== undefined) throw this.tracker.fault;
    if (!this.tracker.hasContent) throw new MillraceError("upstream-truncated");
    this.#firstArrived();
    return frames;
  }

  #firstArrived(): void {
    this.#rest();
    const nowMs = this.#deps.nowMs();
    this.#firstTokenMs = nowMs - this.#startedAtMs;
    this.#deps.health.observeFirstToken(this.target, this.#firstTokenMs, nowMs);
  }

  /** A limit or the caller's leaving is the cause, whatever the abort looked like from inside. */
  #fail(cause: unknown): MillraceError {
    const reason: unknown = this.#controller.signal.reason;
    const error = isMillraceError(reason) ? reason : toMillraceError(cause);
    this.#end(error.code === "client-closed" ? "cancelled" : "failed", error);
    // Stops what may still be under way upstream.
    this.#controller.abort(error);
    return error;
  }

  #usage(outcome: AttemptOutcome): Usage | undefined {
    const reported = this.#reported ?? this.tracker.usage;
    if (!this.#sent) return undefined;
    // A stream that broke is billed for what it brought, and so is one that went on with it.
    const isPart = this.tracker.receivedChars > 0 && (outcome === "failed" || this.kind === "resume");
    return reported ?? (isPart || outcome === "cancelled" ? this.#estimate() : undefined);
  }

  /** What was sent and what came of it, roughly; of pictures and sound nobody can say. */
  #estimate(): Usage | undefined {
    if (isMediaSurface(this.#call.surface)) return undefined;
    // One that goes on with an answer is sent what there is of it.
    const inputTokens = this.kind === "resume" ? estimateInputTokens(this.#call.fields) : this.#place.inputTokens;
    return {
      inputTokens,
      outputTokens: roughTokens(this.tracker.receivedChars),
      cachedInputTokens: undefined,
      reasoningTokens: undefined,
      source: "estimated",
      estimatedBy: "characters",
    };
  }

  #doubt(outcome: AttemptOutcome, error: MillraceError | undefined): Doubt | undefined {
    if (!this.#sent || outcome !== "failed" || error === undefined) return undefined;
    const isCounted = this.#usage(outcome) !== undefined || this.tracker.receivedChars > 0;
    return isCounted || !mayHaveRun(error, this.#httpStatus) ? undefined : { estimate: this.#estimate() };
  }

  #end(outcome: AttemptOutcome, error: MillraceError | undefined, health = healthOf(outcome, error)): void {
    if (this.#over) return;
    this.#over = true;
    this.#watchdog.stop();
    this.#deps.callerLeft.removeEventListener("abort", this.#leave);
    this.#place.admitted.release(health, this.#deps.nowMs());
    this.#deps.attempts.add({
      target: this.target,
      secretName: this.secretName,
      kind: this.kind,
      outcome,
      errorCode: error?.code,
      httpStatus: this.#httpStatus,
      startedAtMs: this.#startedAtMs,
      firstTokenMs: this.#firstTokenMs,
      receivedChars: this.tracker.receivedChars,
      usage: this.#usage(outcome),
      inDoubt: this.#doubt(outcome, error),
    });
  }
}
