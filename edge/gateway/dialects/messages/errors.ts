import { errorCatalogue, type ErrorCode, type MillraceError } from "@millrace/core/contract";

/** Anthropic's envelope; its clients choose their error class by the HTTP status and read these words. */
export interface AnthropicErrorBody {
  readonly type: "error";
  readonly error: {
    readonly type: string;
    readonly message: string;
    readonly code: ErrorCode;
    readonly param: string | null;
    readonly remedy: string;
  };
  readonly request_id: string | null;
}

/** Anthropic's word for each status that it has one for: https://docs.anthropic.com/en/api/errors */
const typesByStatus: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [410, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [504, "timeout_error"],
]);

function typeOf({ status, retryable }: MillraceError): string {
  // A client that asks again later asks in vain where nothing is full.
  if (status === 503 && retryable) return "overloaded_error";
  return typesByStatus.get(status) ?? (status < 500 ? "invalid_request_error" : "api_error");
}

/** An error in Anthropic's envelope, with what Millrace adds: its own code and what to do. `requestId` is the trace's. */
export function renderAnthropicError(error: MillraceError, requestId: string | undefined): AnthropicErrorBody {
  return {
    type: "error",
    error: {
      type: typeOf(error),
      message: error.message,
      code: error.code,
      param: error.param ?? null,
      remedy: errorCatalogue[error.code].remedy,
    },
    request_id: requestId ?? null,
  };
}
