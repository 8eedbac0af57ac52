import type { CliContext } from "../context.ts";
import type { ExitCode } from "../cli-error.ts";

/** A command's work, with its arguments and, last, its options. What it returns is the exit code; nothing is 0. */
export type Work<A extends readonly unknown[]> = (context: CliContext, args: A) => Promise<ExitCode | undefined>;

/** Turns work into a commander action that has a context, reports errors and sets the exit code. */
export type Run = <A extends readonly unknown[]>(work: Work<A>) => (...args: A) => Promise<void>;
