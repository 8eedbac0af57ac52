import { type ErrorCode, errorCatalogue, isErrorCode } from "./errors.ts";

/** Why one target of several did not answer. */
export interface FailureCause {
  readonly provider: string;
  readonly model: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface ErrorDetails {
  /** What was wrong here, for a person. Never holds a secret. */
  readonly message?: string;
  /** Path of the field at fault: `messages[0].role`. */
  readonly param?: string;
  /** When a retry may help, in whole seconds. */
  readonly retryAfterSeconds?: number;
  /** The limit that was met, for a program. */
  readonly limit?: LimitDetail;
  /** Why each target did not answer, in the order in which they were tried. */
  readonly causes?: readonly FailureCause[];
  readonly cause?: unknown;
}

/** How the account stood that had no room. */
export interface LimitDetail {
  readonly budget: string;
  readonly account: string;
  readonly metric: "requests" | "tokens" | "usd_micros";
  readonly limit: number;
  readonly spent: number;
  readonly reserved: number;
  readonly asked: number;
  /** ISO 8601. */
  readonly resets_at: string;
}

/** An error that a caller may see. Anything else that is thrown becomes `internal`. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly limit: LimitDetail | undefined;
  readonly causes: readonly FailureCause[] | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(
      details.message ?? errorCatalogue[code].title,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = "MillraceError";
    this.code = code;
    this.param = details.param;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.limit = details.limit;
    this.causes = details.causes;
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }
}

/** By name and code, not by class: errors cross isolates and packages. */
export function isMillraceError(value: unknown): value is MillraceError {
  return value instanceof Error && value.name === "MillraceError" && "code" in value && isErrorCode(String(value.code));
}

/** Any thrown value as a catalogue error; what is unknown stays in `cause`, away from the caller. */
export function toMillraceError(value: unknown): MillraceError {
  return isMillraceError(value) ? value : new MillraceError("internal", { cause: value });
}
