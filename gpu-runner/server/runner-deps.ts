import type { Engine, ModelInfo } from "../engines/engine.ts";
import { MillraceError } from "@millrace/core/contract";
import type { SamplingDefaults } from "../chat/sampling.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Metrics } from "./metrics.ts";
import type { RequestScopes } from "./request-scopes.ts";

/** What the routes share. */
export interface RunnerDeps {
  /** The engine, or why there is none yet. */
  readonly engine: () => Engine | { readonly missing: string };
  readonly modelName: string;
  readonly scheduler: Scheduler;
  readonly scopes: RequestScopes;
  readonly metrics: Metrics;
  readonly defaults: SamplingDefaults;
  /** Told whenever the engine has really decoded something. */
  readonly onDecoded: () => void;
  readonly nowMs: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** The engine and its model. @throws MillraceError `unknown-model` or `model-unavailable` with the reason. */
export function readyEngine(deps: RunnerDeps, requested: string): { engine: Engine; model: ModelInfo } {
  if (requested !== deps.modelName) {
    throw new MillraceError("unknown-model", {
      param: "model",
      message: `This runner serves ${deps.modelName}, not ${requested}.`,
    });
  }
  const engine = deps.engine();
  if ("missing" in engine) throw new MillraceError("model-unavailable", { message: engine.missing });
  const state = engine.state();
  if (state.state !== "ready") throw new MillraceError("model-unavailable", { message: state.reason });
  return { engine, model: state.model };
}

/** The part of a model's digest that answers carry, so that two builds of a model can be told apart. */
export function fingerprint(model: ModelInfo): string {
  return `fp_${model.digest.slice(0, 12)}`;
}
