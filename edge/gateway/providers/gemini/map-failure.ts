import { MillraceError } from "@millrace/core/contract";
import { asFields, asText, type Fields } from "../../json/vendor-json.ts";
import { listOfFields } from "../native-wire/list-of-fields.ts";
import { classifyFailure, type FailureContext, type UpstreamFailure } from "../openai-wire/classify-failure.ts";

/** The status of each code of google.rpc, for errors that come without one. */
const statuses: ReadonlyMap<string, number> = new Map([
  ["INVALID_ARGUMENT", 400],
  ["FAILED_PRECONDITION", 400],
  ["UNAUTHENTICATED", 401],
  ["PERMISSION_DENIED", 403],
  ["NOT_FOUND", 404],
  ["RESOURCE_EXHAUSTED", 429],
  ["CANCELLED", 499],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DEADLINE_EXCEEDED", 504],
]);

const TOO_LONG = /input token count .*exceeds the maximum|exceeds? the (?:maximum|model'?s?) .*(?:tokens|context)/i;
/** A quota for a day is spent until it is over; one for a minute is a limit like any other. */
const SPENT = /per ?day|credits? (?:are|is) (?:depleted|exhausted)/i;

/** Google sends its error as an object, or inside a list when a stream was asked for. */
function errorOf(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return asFields(asFields(Array.isArray(value) ? value[0] : value)?.["error"]);
  } catch {
    return undefined;
  }
}

/** `RetryInfo` holds the wait as a text such as `34.07s`. */
function retryDelay(details: readonly Fields[]): string | undefined {
  const delay = details.map((detail) => asText(detail["retryDelay"])).find((text) => text !== undefined);
  return delay === undefined ? undefined : /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1];
}

function isUnknownKey(details: readonly Fields[]): boolean {
  return details.some(
    (detail) => detail["reason"] === "API_KEY_INVALID" || detail["reason"] === "API_KEY_SERVICE_BLOCKED",
  );
}

/** An answer outside 2xx. https://ai.google.dev/gemini-api/docs/troubleshooting */
export function mapFailure(failure: UpstreamFailure, context: FailureContext): MillraceError {
  const error = errorOf(failure.body);
  const details = listOfFields(error?.["details"]);
  const status = isUnknownKey(details) ? 401 : failure.status;
  const retryAfter = failure.retryAfter ?? retryDelay(details);
  const body = error === undefined ? failure.body : JSON.stringify({ error: { message: error["message"] } });
  const mapped = classifyFailure({ status, retryAfter, body }, context);
  const { message } = mapped;
  if (status === 400 && TOO_LONG.test(message)) return new MillraceError("context-too-long", { message });
  if (status === 429 && SPENT.test(`${message} ${JSON.stringify(details)}`))
    return new MillraceError("upstream-quota-exhausted", { message });
  return mapped;
}

/** An error inside a stream that had begun with 200. */
export function mapErrorEvent(event: Fields, context: FailureContext): MillraceError {
  const error = asFields(event["error"]) ?? {};
  const code = typeof error["code"] === "number" ? error["code"] : statuses.get(asText(error["status"]) ?? "");
  const status = code !== undefined && code >= 400 && code < 600 ? code : 500;
  return mapFailure({ status, retryAfter: undefined, body: JSON.stringify({ error }) }, context);
}
