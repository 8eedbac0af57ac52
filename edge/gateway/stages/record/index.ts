import type { TraceMessage } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import { within } from "../../memory/within.ts";
import { bodiesKey, type ExchangeFacts, NO_BODIES, traceBodies, traceRecord } from "./trace-message.ts";
import type { TraceWriter } from "./trace-writer.ts";

/** A large body is written before its trace points at it; beyond this the trace goes without. */
const BODIES_LIMIT_MS = 5_000;

export interface RecordDeps {
  readonly writer: TraceWriter;
  readonly putBodies: (key: string, text: string) => Promise<unknown>;
  readonly log: Log;
}

/**
 * Stage 9. Makes the trace durable; resolves once it is, or once every place for it was tried. Never throws and never changes the answer.
 */
export async function record(facts: ExchangeFacts, deps: RecordDeps): Promise<void> {
  const traced = traceRecord(facts);
  const outbox = deps.writer.outboxOf(traced.environment_id);
  const content = traceBodies(facts);
  let message: TraceMessage = {
    schema: 1,
    record: traced,
    bodies: content?.bodies ?? NO_BODIES,
    bodies_key: null,
    outbox,
  };
  if (content?.large !== undefined) {
    const key = bodiesKey(traced);
    try {
      await within(deps.putBodies(key, content.large), BODIES_LIMIT_MS);
      message = { ...message, bodies: null, bodies_key: key };
    } catch (error) {
      // The record itself must not be lost for the sake of its bodies.
      deps.log("error", "trace-bodies-lost", {
        trace_id: traced.id,
        bytes: content.large.length,
        ...errorFields(error),
      });
      message = { ...message, bodies: NO_BODIES };
    }
  }
  await deps.writer.write(message);
}
