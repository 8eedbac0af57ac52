import type { Client } from "./client.ts";
import type { Painter } from "./render/painter.ts";

/** What commands touch of the world, so that tests can stand in for it. */
export interface CliContext {
  /** What was asked for: goes to a pipe. */
  readonly out: (text: string) => void;
  /** What is said about it: never in the way of a pipe. */
  readonly note: (text: string) => void;
  readonly paint: Painter;
  readonly json: boolean;
  readonly client: () => Client;
  /** For what lies elsewhere; the API is reached through `client`. */
  readonly fetch: typeof fetch;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly nowMs: () => number;
  /** Resolves early, and does not throw, when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Opens a file in the user's editor; resolves with its exit code. */
  readonly edit: (file: string) => Promise<number>;
  /** Everything on standard input, or undefined when it is a terminal. */
  readonly readInput: () => Promise<string | undefined>;
  /** A question with yes as the default; false without a terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Aborts at Ctrl C. */
  readonly signal: AbortSignal;
}

/** Prints JSON when asked for, else what `human` writes. */
export function present(context: CliContext, value: unknown, human: () => string): void {
  context.out(context.json ? `${JSON.stringify(value, null, 2)}\n` : human());
}
