import type { Capability, ModelFrame, Tier } from "@millrace/core/contract";
import type { ModelAnswer } from "../exchange/answer.ts";
import type { ModelCall } from "../exchange/model-call.ts";
import type { BatchApi } from "./batch-api.ts";

/** What is waited for: the response's headers, the first event, the next event. */
export type WaitPhase = "headers" | "first-token" | "gap";

/** What an adapter needs of the world. Its `fetch` is already bounded in time, aborted with the caller, and kept to public addresses. */
export interface CallDeps {
  readonly fetch: typeof fetch;
  /** The value of the provider's secret; undefined when it names none. */
  readonly secret: string | undefined;
  /** Says what is waited for now, so that the right limit runs. */
  readonly awaiting: (phase: WaitPhase) => void;
}

/** How one kind of provider is spoken to. One folder of this form for each kind; `registry.ts` lists them. */
export interface ProviderAdapter {
  readonly tier: Tier;
  /** What a model of this kind can do, as far as its name tells; a route's target corrects it. */
  capabilities(model: string): ReadonlySet<Capability>;
  /**
   * Answers one request. A stream is answered once its first frames are here and sound.
   * @throws MillraceError of the catalogue's `upstream-*` codes, `unsupported-parameter`, `context-too-long`, …
   */
  call(call: ModelCall, deps: CallDeps): Promise<ModelAnswer>;
  /** Absent where the kind has no batch API. */
  readonly batches?: BatchApi;
  /** The tokens of a chat request as the provider itself counts them, without an answer; absent where it does not offer that. */
  countTokens?(call: ModelCall, deps: CallDeps): Promise<number>;
}

export type FrameBatch = readonly ModelFrame[];
