import { MillraceError } from "@millrace/core/contract";
import { classifyFailure, type FailureContext, type UpstreamFailure } from "../openai-wire/classify-failure.ts";

/** A trial key's month, or an account without credit. */
const SPENT = /(?:\/|per) ?month|billing|credits?\b/i;
const NO_CREDIT = 402;
/** Cohere's own status for a token that it does not know. */
const INVALID_TOKEN = 498;

/** An answer outside 2xx. https://docs.cohere.com/reference/errors */
export function mapFailure(failure: UpstreamFailure, context: FailureContext): MillraceError {
  const status = failure.status === INVALID_TOKEN ? 401 : failure.status;
  const error = classifyFailure({ ...failure, status }, context);
  if (status === NO_CREDIT || (status === 429 && SPENT.test(error.message)))
    return new MillraceError("upstream-quota-exhausted", { message: error.message });
  return error;
}
