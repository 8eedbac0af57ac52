import type { JsonObject, Provider, Surface, Tier } from "@millrace/core/contract";

/** One place that can answer. */
export interface Target {
  readonly provider: Provider;
  /** The name that the provider knows the model by. */
  readonly model: string;
  readonly tier: Tier;
}

/** A named prompt, as one request resolved it. */
export interface PromptChoice {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly label: string | null;
  readonly reason: string;
}

/** Stage 2's decision: what the model gets, and where. */
export interface Resolution {
  readonly surface: Surface;
  readonly reason: "model" | "prompt";
  readonly target: Target;
  readonly prompt: PromptChoice | undefined;
  /** SHA-256 that covers what shapes the answer. */
  readonly resolvedHash: string;
  /** The whole request in OpenAI's form, with the target's model name. */
  readonly fields: Readonly<JsonObject>;
  /** The same as JSON text: the caller's own bytes wherever nothing was rewritten. */
  readonly text: string;
  /** What the model got, where that is not what the caller sent. */
  readonly rendered: Readonly<JsonObject> | undefined;
  readonly stream: boolean;
  /** The caller asked for the usage chunk of a stream. */
  readonly wantsUsage: boolean;
  /** Answers that the caller asked for (`n`). */
  readonly choices: number;
  /** The prompt version lets answers be served again for this long. */
  readonly cacheTtlSeconds: number | undefined;
}
