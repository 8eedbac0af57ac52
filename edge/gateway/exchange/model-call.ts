import type { JsonObject, Surface } from "@millrace/core/contract";
import type { Target } from "./target.ts";

/** One request as one target gets it. */
export interface ModelCall {
  readonly surface: Surface;
  readonly target: Target;
  /** The whole request in OpenAI's form, with the target's model name. */
  readonly fields: Readonly<JsonObject>;
  /** The same as JSON text: the caller's own bytes wherever nothing was rewritten. */
  readonly text: string;
  readonly stream: boolean;
  /** The caller asked for the usage chunk of a stream. */
  readonly wantsUsage: boolean;
  /** Answers that the caller asked for (`n`). */
  readonly choices: number;
}
