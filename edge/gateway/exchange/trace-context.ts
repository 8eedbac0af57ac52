import type { JsonValue } from "@millrace/core/contract";

/** https://www.w3.org/TR/trace-context/#traceparent-header, version 00; of a later version the first four fields mean the same. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Forbidden as a version, trace or parent. */
const ZEROS = /^0+$/;
/** Senders must be able to pass on 512 characters; more is cut off by nobody, so it is left out as a whole. */
const MAX_TRACESTATE_CHARS = 512;

/**
 * The caller's place in a distributed trace, as attributes of a span; none when there is no valid `traceparent`. It goes with the trace, so that an
 * export can continue theirs.
 */
export function traceContext(headers: Headers): Record<string, JsonValue> {
  const traceparent = headers.get("traceparent");
  if (traceparent === null) return {};
  const [, version, traceId, parentId, , rest] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || traceId === undefined || parentId === undefined) return {};
  if (version === "ff" || (version === "00" && rest !== undefined) || ZEROS.test(traceId) || ZEROS.test(parentId))
    return {};
  const tracestate = headers.get("tracestate");
  return tracestate === null || tracestate.length > MAX_TRACESTATE_CHARS
    ? { traceparent }
    : { traceparent, tracestate };
}
