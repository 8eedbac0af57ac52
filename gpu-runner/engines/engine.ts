import type { ErrorCode } from "@millrace/core/contract";

/** One turn as the engine renders it through the model's chat template. Content is data: it can never become a control token. */
export interface EngineMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export type EnginePrompt =
  | { readonly kind: "chat"; readonly messages: readonly EngineMessage[] }
  | { readonly kind: "text"; readonly text: string };

/** How the next token is chosen; all values are final, defaults are applied by the caller. */
export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** Token id → added to its logit. */
  readonly logitBias: readonly (readonly [token: number, bias: number])[];
}

/** One sequence to generate. */
export interface GenerateJob {
  readonly prompt: EnginePrompt;
  readonly sampling: Sampling;
  /** Absent = until the context is full. */
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  /** GBNF that the answer must follow. */
  readonly grammar: string | undefined;
  /** How many alternatives to report per token; absent = no log probabilities. */
  readonly topLogprobs: number | undefined;
}

export interface TokenProbability {
  readonly text: string;
  readonly bytes: readonly number[];
  readonly logprob: number;
}

export interface TokenReport extends TokenProbability {
  readonly top: readonly TokenProbability[];
}

export type GenerateEvent =
  | { readonly type: "start"; readonly promptTokens: number; readonly cachedTokens: number }
  | { readonly type: "text"; readonly text: string; readonly logprobs: readonly TokenReport[] | undefined }
  | { readonly type: "finish"; readonly reason: "stop" | "length" | "cancelled"; readonly outputTokens: number }
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string; readonly param: string | undefined };

export interface Embedding {
  readonly vector: readonly number[];
  readonly tokens: number;
}

/** What is known of the loaded model. */
export interface ModelInfo {
  /** SHA-256 of the model file, lower-case hex. */
  readonly digest: string;
  readonly architecture: string;
  /** Tokens that one sequence can hold, prompt and answer together. */
  readonly contextTokens: number;
  /** Tokens that one text to embed can hold; absent = unknown. */
  readonly embeddingTokens?: number | undefined;
  /** The most bytes of text that one token stands for; absent where the vocabulary sets no bound. */
  readonly longestPieceBytes?: number | undefined;
  readonly hasChatTemplate: boolean;
  readonly device: string;
  readonly endTokens: readonly number[];
  readonly vocabularySize: number;
}

export type EngineState =
  | { readonly state: "starting" | "restarting"; readonly reason: string }
  | { readonly state: "ready"; readonly model: ModelInfo }
  | { readonly state: "failed"; readonly reason: string }
  | { readonly state: "closed"; readonly reason: string };

/**
 * What the server needs of an engine. One engine serves one model; a job that cannot run ends with one `error` event, every other job
 * with exactly one `finish`. Events of one job arrive in order.
 */
export interface Engine {
  state(): EngineState;
  /** Times the engine had to be started again. */
  restarts(): number;
  /** Starts one sequence; the returned function cancels it within one batch step (the job still ends with its `finish`). */
  generate(job: GenerateJob, onEvent: (event: GenerateEvent) => void): () => void;
  /** @throws MillraceError when the model gives no embeddings or an input is too long. */
  embed(inputs: readonly string[]): Promise<readonly Embedding[]>;
  /** Decodes one token for real. @throws MillraceError when it cannot. */
  probe(): Promise<void>;
  /** Bytes of memory of the engine's own process; undefined while there is none. */
  residentBytes(): number | undefined;
  close(): Promise<void>;
}
