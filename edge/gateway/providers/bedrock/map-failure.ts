import { MillraceError } from "@millrace/core/contract";
import { classifyFailure, type FailureContext, type UpstreamFailure } from "../openai-wire/classify-failure.ts";
import type { StreamMessage } from "./event-stream-decoder.ts";

/** A quota for a day is spent until it is over. */
const SPENT = /per day|exceeds the service quota/i;
/** The model itself failed (`ModelErrorException`); it is not the request's fault. */
const MODEL_FAILED = 424;

/** The status that each exception has outside a stream. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html */
const statuses: ReadonlyMap<string, number> = new Map([
  ["accessDeniedException", 403],
  ["internalServerException", 500],
  ["modelErrorException", MODEL_FAILED],
  ["modelStreamErrorException", MODEL_FAILED],
  ["modelTimeoutException", 408],
  ["serviceUnavailableException", 503],
  ["throttlingException", 429],
  ["validationException", 400],
]);

/** An answer outside 2xx. */
export function mapFailure(failure: UpstreamFailure, context: FailureContext): MillraceError {
  const status = failure.status === MODEL_FAILED ? 500 : failure.status;
  const error = classifyFailure({ ...failure, status }, context);
  if ((status === 400 || status === 429) && SPENT.test(error.message))
    return new MillraceError("upstream-quota-exhausted", { message: error.message });
  return error;
}

/** An exception inside a stream that had begun with 200. */
export function mapException(message: StreamMessage, context: FailureContext): MillraceError {
  const { headers, payload } = message;
  const name = headers[":exception-type"] ?? headers[":error-code"] ?? "";
  const status = statuses.get(name.slice(0, 1).toLowerCase() + name.slice(1)) ?? 500;
  const told = headers[":error-message"];
  const body = told === undefined ? payload : JSON.stringify({ message: told });
  return mapFailure({ status, retryAfter: undefined, body }, context);
}
