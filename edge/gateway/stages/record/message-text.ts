import type { TraceRecord } from "@millrace/core/contract";
import type { ExchangeFacts } from "./trace-message.ts";

/** One UTF-16 unit is at most three bytes of UTF-8. */
const MAX_BYTES_PER_CHAR = 3;
const LINE_BREAKS = /[\r\n]/g;

export interface BodiesText {
  readonly text: string;
  /** At least its size in UTF-8; known without encoding it. */
  readonly maxBytes: number;
}

/** A request without a body that could be read has an empty one. */
export const NO_BODIES: BodiesText = { text: '{"request":{},"rendered":null,"response":null}', maxBytes: 64 };

/**
 * What was said, as JSON text on one line. The request's part is the caller's own text, so that the largest part of a trace is never made
 * anew; a raw line break in JSON stands between its tokens only.
 */
export function bodiesText({ request, resolution, summary }: ExchangeFacts): BodiesText {
  if (request === undefined) return NO_BODIES;
  const asked = request.text.replace(LINE_BREAKS, " ");
  const rest = `,"rendered":${JSON.stringify(resolution?.rendered ?? null)},"response":${JSON.stringify(summary?.response ?? null)}}`;
  return { text: `{"request":${asked}${rest}`, maxBytes: 16 + request.bytes + rest.length * MAX_BYTES_PER_CHAR };
}

/** The whole message: its bodies, or the key that they lie under. */
export function messageText(
  record: TraceRecord,
  outbox: string,
  bodies: { readonly text: string } | { readonly key: string },
): string {
  const [text, key] = "text" in bodies ? [bodies.text, null] : ["null", bodies.key];
  return `{"schema":1,"record":${JSON.stringify(record)},"bodies":${text},"bodies_key":${JSON.stringify(key)},"outbox":${JSON.stringify(outbox)}}`;
}
