import { errorCatalogue, type ErrorCode, type OpenAiErrorType } from "./errors.ts";
import { type FailureCause, type LimitDetail, type MillraceError } from "./millrace-error.ts";

/** OpenAI's envelope, with what Millrace adds: whether a retry helps and what to do. */
export interface OpenAiErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: OpenAiErrorType;
    readonly param: string | null;
    readonly code: ErrorCode;
    readonly remedy: string;
    readonly retryable: boolean;
    readonly limit?: LimitDetail;
    readonly causes?: readonly FailureCause[];
  };
}

/** RFC 9457. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly param?: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly instance?: string;
  readonly limit?: LimitDetail;
  readonly causes?: readonly FailureCause[];
}

/** The envelope of the OpenAI-compatible routes (`/v1/…`). */
export function renderOpenAiError(error: MillraceError): OpenAiErrorBody {
  const row = errorCatalogue[error.code];
  return {
    error: {
      message: error.message,
      type: row.type,
      param: error.param ?? null,
      code: error.code,
      remedy: row.remedy,
      retryable: row.retryable,
      ...(error.limit === undefined ? {} : { limit: error.limit }),
      ...(error.causes === undefined ? {} : { causes: error.causes }),
    },
  };
}

/** The envelope of Millrace's own routes (`/api/…`); `instance` is the trace id where there is one. */
export function renderProblem(error: MillraceError, instance?: string): ProblemBody {
  const row = errorCatalogue[error.code];
  return {
    type: `https://millrace.dev/errors/${error.code}`,
    title: row.title,
    status: row.status,
    detail: error.message,
    code: error.code,
    ...(error.param === undefined ? {} : { param: error.param }),
    remedy: row.remedy,
    retryable: row.retryable,
    ...(instance === undefined ? {} : { instance }),
    ...(error.limit === undefined ? {} : { limit: error.limit }),
    ...(error.causes === undefined ? {} : { causes: error.causes }),
  };
}
