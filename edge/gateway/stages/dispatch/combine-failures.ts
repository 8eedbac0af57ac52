import { type ErrorCode, type FailureCause, MillraceError } from "@millrace/core/contract";
import { classifyFailure } from "@millrace/core/routing";
import type { Target } from "../../exchange/target.ts";
import type { RefusedCall } from "../../health/health-view.ts";

/** Why one target did not answer. */
export type MissedAnswer =
  | { readonly target: Target; readonly error: MillraceError }
  | { readonly target: Target; readonly refused: RefusedCall };

const refusalWords: Readonly<Record<RefusedCall["reason"], { readonly code: ErrorCode; readonly message: string }>> = {
  "circuit-open": {
    code: "targets-unavailable",
    message: "It failed too often of late and is left alone for a while.",
  },
  "at-capacity": { code: "upstream-overloaded", message: "As many calls as its provider allows are under way." },
  "no-live-key": {
    code: "targets-unavailable",
    message: "Its provider refuses every key for it at present.",
  },
  "rate-limited": { code: "upstream-overloaded", message: "Its provider asked to wait." },
};

function causeOf(missed: MissedAnswer): FailureCause {
  const { provider, model } = missed.target;
  const { code, message } = "error" in missed ? missed.error : refusalWords[missed.refused.reason];
  return { provider: provider.name, model, code, message };
}

function retryAfterOf(missed: MissedAnswer): number | undefined {
  return "error" in missed ? missed.error.retryAfterSeconds : Math.ceil(missed.refused.retryAfterMs / 1000);
}

/**
 * The error that stands for all: a verdict that ended the exchange; else the first that time can mend, because with it the same request can
 * succeed; else the first that was not about the request. So a fallback that dislikes the request never hides what sent it there.
 */
function leading(errors: readonly MillraceError[]): MillraceError | undefined {
  const last = errors.at(-1);
  const lastClass = last === undefined ? undefined : classifyFailure(last).class;
  if (lastClass === "policy" || lastClass === "caller") return last;
  const upstream = errors.filter((error) => classifyFailure(error).class !== "request");
  return upstream.find((error) => error.retryable) ?? upstream[0] ?? errors[0];
}

/** A wait says that the same request can succeed then; where it cannot, it would mislead. */
function soonest(code: ErrorCode, missed: readonly MissedAnswer[]): number | undefined {
  const waits = missed.flatMap((one) => retryAfterOf(one) ?? []);
  return waits.length === 0 || classifyFailure({ code }).class === "request" ? undefined : Math.min(...waits);
}

/**
 * One error for an exchange that nobody answered: its status follows from the causes, its `retry-after` is the soonest of theirs. A stream that
 * broke is told by its `breach`, whatever failed before.
 */
export function combineFailures(missed: readonly MissedAnswer[], breach?: MillraceError): MillraceError {
  const errors = missed.flatMap((one) => ("error" in one ? [one.error] : []));
  const only = missed.length === 1 ? errors[0] : undefined;
  if (only !== undefined) return only;
  const causes = missed.map(causeOf);
  const error = breach ?? leading(errors);
  const lead = error ?? causes[0];
  const code = lead?.code ?? "targets-unavailable";
  const retryAfterSeconds = soonest(code, missed);
  return new MillraceError(code, {
    causes,
    ...(lead === undefined ? {} : { message: lead.message }),
    ...(error?.param === undefined ? {} : { param: error.param }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(error === undefined ? {} : { cause: error }),
  });
}
