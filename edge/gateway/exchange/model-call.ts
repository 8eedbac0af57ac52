import type { JsonObject, NativeDialect, Surface } from "@millrace/core/contract";
import type { FormParts } from "../http/form-parts.ts";
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
  /** What the caller sent, where it was a form: then it goes in place of `text`. */
  readonly form?: FormParts;
  /** The same request as the caller wrote it in another dialect: a provider that speaks that dialect gets this in place of `fields`. */
  readonly native?: NativeRequest;
}

/** A request in a provider's own format. The provider sets `model` and `stream` itself. */
export interface NativeRequest {
  readonly dialect: NativeDialect;
  readonly fields: Readonly<JsonObject>;
  /** Feature switches that the caller sent as a header (`anthropic-beta`), one name each. */
  readonly betas: readonly string[];
}
