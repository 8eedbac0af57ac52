import type { JsonObject, Resilience, Surface } from "@millrace/core/contract";
import type { RoutePlan } from "@millrace/core/routing";
import type { ModelCall } from "./model-call.ts";
import type { PlannedTarget } from "./target.ts";

/** A named prompt, as one request resolved it. */
export interface PromptChoice {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly label: string | null;
  readonly reason: string;
}

/** What resolve decides: what is asked, and the places that can answer it, in the order in which to try them. */
export interface Resolution {
  readonly reason: "model" | "prompt";
  readonly surface: Surface;
  readonly prompt: PromptChoice | undefined;
  /** The model whose route decides; of a named prompt, the version's own. */
  readonly model: string;
  /** SHA-256 that covers what shapes the answer, whichever target gives it. */
  readonly resolvedHash: string;
  /** SHA-256 of the model's route: what answers of one model under another route must not be mistaken for. */
  readonly routeHash: string;
  /** The whole request in OpenAI's form, with `model` as the name of the model here, not of a target. */
  readonly fields: Readonly<JsonObject>;
  /** The same, where it is not what the caller sent. */
  readonly rendered: Readonly<JsonObject> | undefined;
  /** SHA-256 of the request in the caller's own dialect, where a target may be asked in it: `fields` do not say all of it. */
  readonly nativeHash?: string;
  /** The caller asked in its own dialect for what `fields` cannot say: they do not bound what it takes. */
  readonly exceedsFields?: boolean;
  readonly stream: boolean;
  /** The caller asked for the usage chunk of a stream. */
  readonly wantsUsage: boolean;
  /** Answers that the caller asked for (`n`). */
  readonly choices: number;
  /** Estimated; what plans, prices and reservations go by. */
  readonly inputTokens: number;
  /** The prompt version lets answers be served again for this long. */
  readonly cacheTtlSeconds: number | undefined;
  readonly resilience: Resilience;
  readonly plan: RoutePlan;
  /** The plan's candidates, never empty. */
  readonly candidates: readonly [PlannedTarget, ...PlannedTarget[]];
  /** The request as one target gets it: the caller's own bytes with the model's name changed wherever nothing else was. Built when it is asked for. */
  callFor(target: PlannedTarget): ModelCall;
}
