import { type ErrorCode, faultText, type MillraceError, schemaFaults } from "@millrace/core/contract";
import type { z } from "zod";

/** What the process ends with; `millrace --help` prints the same list. */
export const exitCodes = {
  done: 0,
  /** The server refused, or a file is not valid. */
  failed: 1,
  /** Both sides changed; nothing was overwritten. */
  conflict: 2,
  /** No server, no key, or no answer. */
  unreachable: 3,
  /** The command line is not one of ours. */
  usage: 64,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface CliErrorDetails {
  readonly code:
    | ErrorCode
    | "unreachable"
    | "no-key"
    | "no-server"
    | "usage"
    | "file-error"
    | "editor-failed"
    | "unexpected-answer"
    | "timeout";
  readonly message: string;
  /** What the reader should do next. */
  readonly remedy: string;
  /** The field that is to blame. */
  readonly param?: string | undefined;
  readonly exitCode?: ExitCode;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** An error that a person is told: a code, what was wrong, what to do. */
export class CliError extends Error {
  readonly code: CliErrorDetails["code"];
  readonly remedy: string;
  readonly param: string | undefined;
  readonly exitCode: ExitCode;
  readonly retryable: boolean;

  constructor(details: CliErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "CliError";
    this.code = details.code;
    this.remedy = details.remedy;
    this.param = details.param;
    this.exitCode = details.exitCode ?? exitCodes.failed;
    this.retryable = details.retryable ?? false;
  }
}

/** A fault of the catalogue that was found on this side, such as a file that is not a prompt. */
export function fromMillraceError(error: MillraceError, remedy: string): CliError {
  const { code, message, param } = error;
  return new CliError({ code, message, param, remedy, cause: error });
}

export function usageError(message: string, remedy = "See --help."): CliError {
  return new CliError({ code: "usage", message, remedy, exitCode: exitCodes.usage });
}

/** A file that is there and is not what it should be. */
export function fileError(message: string): CliError {
  return new CliError({ code: "file-error", message, remedy: "Correct it and try again." });
}

/** What does not fit, one fault a line. */
export function faultLines(error: z.core.$ZodError): string {
  return schemaFaults(error).map(faultText).join("\n");
}
