import type { MillraceError } from "@millrace/core/contract";

/**
 * What stands in front of a server says "passed on, and heard nothing of it" with these: 504, and Cloudflare with 520 and 524. A refused connection,
 * a name that is not known and a failed TLS handshake have others (521 to 523, 525, 526).
 * https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
 */
const LOST_STATUSES: ReadonlySet<number> = new Set([504, 520, 524]);
/**
 * workerd's word for a connection that broke. The open-source runtime says it of a refused connection too, so that on one's own machines such a call is in
 * doubt as well; of DNS and TLS it says something else.
 */
const LOST_CONNECTION = "Network connection lost.";

function wasLost(cause: unknown): boolean {
  return cause instanceof Error && (cause.message.startsWith(LOST_CONNECTION) || wasLost(cause.cause));
}

/**
 * Whether a call that failed before anything of its answer was understood may have been carried out, and billed, all the same: its server was sent the
 * request, and has neither refused it nor answered it.
 */
export function mayHaveRun(error: MillraceError, httpStatus: number | undefined): boolean {
  if (error.code === "upstream-timeout" || error.code === "upstream-truncated") return true;
  if (httpStatus !== undefined) return LOST_STATUSES.has(httpStatus);
  return error.code === "upstream-refused" && wasLost(error.cause);
}
