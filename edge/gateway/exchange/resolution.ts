import type { JsonObject } from "@millrace/core/contract";
import type { ModelCall } from "./model-call.ts";

/** A named prompt, as one request resolved it. */
export interface PromptChoice {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly label: string | null;
  readonly reason: string;
}

/** Stage 2's decision: what the model gets, and where. */
export interface Resolution extends ModelCall {
  readonly reason: "model" | "prompt";
  readonly prompt: PromptChoice | undefined;
  /** SHA-256 that covers what shapes the answer. */
  readonly resolvedHash: string;
  /** What the model got, where that is not what the caller sent. */
  readonly rendered: Readonly<JsonObject> | undefined;
  /** The prompt version lets answers be served again for this long. */
  readonly cacheTtlSeconds: number | undefined;
}
