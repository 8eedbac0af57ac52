import { MillraceError } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { classifyFailure, type FailureContext, type UpstreamFailure } from "../openai-wire/classify-failure.ts";

/** The status that each type of error has outside a stream. https://platform.claude.com/docs/en/api/errors */
const statuses: ReadonlyMap<string, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["api_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", 529],
]);

const NO_CREDIT = /credit balance is too low|reached your specified .*usage limits/i;

/** An answer outside 2xx, or an error event with the status of its kind. */
export function mapFailure(failure: UpstreamFailure, context: FailureContext): MillraceError {
  const error = classifyFailure(failure, context);
  if (failure.status === 402 || NO_CREDIT.test(error.message))
    return new MillraceError("upstream-quota-exhausted", { message: error.message });
  return error;
}

/** An `error` event inside a stream that had begun with 200. */
export function mapErrorEvent(event: Fields, context: FailureContext): MillraceError {
  const type = asText(asFields(event["error"])?.["type"]);
  const status = statuses.get(type ?? "") ?? 500;
  return mapFailure({ status, retryAfter: undefined, body: JSON.stringify(event) }, context);
}
