import { toMillraceError } from "@millrace/core/contract";
import type { Engine } from "../engines/engine.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";

/** A decode this recent proves health; asking more often than this costs nothing. */
const PROOF_FRESH_MS = 5000;

export type Health =
  | { readonly status: "ready"; readonly digest: string; readonly context_tokens: number; readonly device: string }
  | { readonly status: "starting" | "degraded"; readonly reason: string };

export interface HealthDeps {
  readonly engine: () => Engine | { readonly missing: string; readonly final: boolean };
  readonly scheduler: Scheduler;
  readonly nowMs: () => number;
}

/** Says `ready` only after the engine has really decoded a token, lately. */
export class HealthCheck {
  readonly #deps: HealthDeps;
  #provenMs = Number.NEGATIVE_INFINITY;
  #running: Promise<Health> | undefined;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
  }

  proven(): void {
    this.#provenMs = this.#deps.nowMs();
  }

  /** One probe at a time, whoever asks. */
  async check(): Promise<Health> {
    this.#running ??= this.#check().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #check(): Promise<Health> {
    const engine = this.#deps.engine();
    if ("missing" in engine) return { status: engine.final ? "degraded" : "starting", reason: engine.missing };
    const state = engine.state();
    if (state.state === "starting") return { status: "starting", reason: state.reason };
    if (state.state !== "ready") return { status: "degraded", reason: state.reason };
    const { digest, contextTokens, device } = state.model;
    const ready = { status: "ready", digest, context_tokens: contextTokens, device } as const;
    if (this.#deps.nowMs() - this.#provenMs < PROOF_FRESH_MS) return ready;
    try {
      // Waits for a sequence like any other request: a runner whose sequences never come free is not healthy.
      const [place] = this.#deps.scheduler.acquire(1, AbortSignal.timeout(PROOF_FRESH_MS));
      const lease = await place;
      await engine.probe().finally(() => lease?.release());
      this.proven();
      return ready;
    } catch (thrown) {
      // Others' tokens that came meanwhile are proof as well.
      if (this.#deps.nowMs() - this.#provenMs < PROOF_FRESH_MS) return ready;
      const error = toMillraceError(thrown);
      if (error.code === "overloaded") return ready;
      return {
        status: "degraded",
        reason: error.code === "internal" ? "No sequence came free for a probe." : error.message,
      };
    }
  }
}
