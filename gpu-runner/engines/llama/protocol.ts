import type { ErrorCode } from "@millrace/core/contract";
import type { Embedding, GenerateEvent, GenerateJob, ModelInfo } from "../engine.ts";

/** How the engine process is set up; travels as JSON in its first argument. */
export interface EngineProcessOptions {
  readonly modelPath: string;
  readonly sequences: number;
  readonly contextTokens: number | undefined;
  /** Tokens decoded in one step; also the length of a prefill chunk, so the bound on how long a cancel can take. */
  readonly batchTokens: number;
  readonly maxThreads: number;
  readonly gpu: "auto" | "off";
}

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | undefined;
}

/** Parent → engine process. */
export type EngineCommand =
  | { readonly type: "generate"; readonly id: number; readonly job: GenerateJob }
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "embed"; readonly id: number; readonly inputs: readonly string[] }
  | { readonly type: "close" };

/** Engine process → parent. Events of all sequences share one message: a message per token would cost more than the token. */
export type EngineReport =
  | { readonly type: "ready"; readonly model: ModelInfo }
  | { readonly type: "load-failed"; readonly message: string }
  | { readonly type: "events"; readonly events: readonly (readonly [id: number, event: GenerateEvent])[] }
  | { readonly type: "embedded"; readonly id: number; readonly embeddings: readonly Embedding[] }
  | { readonly type: "embed-failed"; readonly id: number; readonly error: WireError }
  /** A batch step was decoded, or the process is idle: proof of life for the watchdog. */
  | { readonly type: "alive"; readonly residentBytes: number };
