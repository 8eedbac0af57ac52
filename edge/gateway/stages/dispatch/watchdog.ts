import { MillraceError, type Provider } from "@millrace/core/contract";
import type { WaitPhase } from "../../providers/provider.ts";

export interface WatchdogDeps {
  readonly nowMs: () => number;
  readonly setTimer: (work: () => void, delayMs: number) => unknown;
  readonly clearTimer: (timer: unknown) => void;
}

const phaseWords: Readonly<Record<WaitPhase, string>> = {
  headers: "did not accept the request",
  "first-token": "sent nothing",
  gap: "fell silent in mid-answer",
};

/**
 * Aborts a call upstream when what is waited for takes too long: headers, first token, the next event, or all of it. A phase may be entered
 * for each event of a stream, so entering one only writes down a time; one timer looks at it when it fires.
 */
export class Watchdog {
  readonly #timeouts: Provider["timeouts"];
  readonly #expire: (error: MillraceError) => void;
  readonly #deps: WatchdogDeps;
  readonly #endsAtMs: number;
  #phase: WaitPhase = "headers";
  #phaseEndsAtMs: number;
  #timer: unknown;
  /** When the timer fires. */
  #armedForMs = 0;

  constructor(timeouts: Provider["timeouts"], expire: (error: MillraceError) => void, deps: WatchdogDeps) {
    this.#timeouts = timeouts;
    this.#expire = expire;
    this.#deps = deps;
    const nowMs = deps.nowMs();
    this.#endsAtMs = nowMs + timeouts.total_ms;
    this.#phaseEndsAtMs = nowMs + timeouts.headers_ms;
    this.#arm(nowMs);
  }

  #limitMs(phase: WaitPhase): number {
    switch (phase) {
      case "headers":
        return this.#timeouts.headers_ms;
      case "first-token":
        return this.#timeouts.first_token_ms;
      case "gap":
        return this.#timeouts.gap_ms;
    }
  }

  #arm(nowMs: number): void {
    const nextMs = Math.min(this.#phaseEndsAtMs, this.#endsAtMs);
    this.#armedForMs = nextMs;
    this.#timer = this.#deps.setTimer(() => this.#look(), Math.max(0, nextMs - nowMs));
  }

  #look(): void {
    const nowMs = this.#deps.nowMs();
    if (nowMs >= this.#endsAtMs) return this.#end(`The model's server took longer than ${this.#timeouts.total_ms} ms.`);
    if (nowMs >= this.#phaseEndsAtMs) {
      return this.#end(`The model's server ${phaseWords[this.#phase]} for ${this.#limitMs(this.#phase)} ms.`);
    }
    this.#arm(nowMs);
  }

  #end(message: string): void {
    this.#expire(new MillraceError("upstream-timeout", { message }));
  }

  /** What is waited for from now on. A limit that ends before the timer fires needs it sooner. */
  awaiting(phase: WaitPhase): void {
    const nowMs = this.#deps.nowMs();
    this.#phase = phase;
    this.#phaseEndsAtMs = nowMs + this.#limitMs(phase);
    if (this.#phaseEndsAtMs >= this.#armedForMs) return;
    this.#deps.clearTimer(this.#timer);
    this.#arm(nowMs);
  }

  /** Nothing is waited for: what came is not taken yet, and a slow caller is no silence of the server. Only the total goes on. */
  rest(): void {
    this.#phaseEndsAtMs = Number.POSITIVE_INFINITY;
  }

  /** The answer is whole, and only its terminator and its usage may still come: so much longer. */
  closing(limitMs: number): void {
    const nowMs = this.#deps.nowMs();
    this.#phase = "gap";
    this.#phaseEndsAtMs = Math.min(this.#phaseEndsAtMs, nowMs + limitMs);
    this.#deps.clearTimer(this.#timer);
    this.#arm(nowMs);
  }

  /** For good: what is still told of the call sets no timer any more. */
  stop(): void {
    this.#armedForMs = Number.NEGATIVE_INFINITY;
    this.#deps.clearTimer(this.#timer);
  }
}
