import type { TraceMessage, TraceText } from "@millrace/core/contract";

/** A message as the gateway hands it to an outbox. */
export function traceText(message: TraceMessage): TraceText {
  return { traceId: message.record.id, text: JSON.stringify(message) };
}
