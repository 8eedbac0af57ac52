import { MAX_SHELVED_BODIES_BYTES, type SettlementText, type TraceRecord } from "@millrace/core/contract";
import type { Settlement } from "@millrace/core/ledger";
import { errorFields, type Log } from "@millrace/core/log";
import { within } from "../../memory/within.ts";
import { type BodiesText, bodiesText, messageText, NO_BODIES } from "./message-text.ts";
import { bodiesKey, type ExchangeFacts, traceRecord } from "./trace-message.ts";
import type { TracePlace, TraceWriter } from "./trace-writer.ts";

/** A large body is written before its trace points at it; beyond this the trace goes without. */
const BODIES_LIMIT_MS = 5_000;

export interface RecordDeps {
  readonly writer: TraceWriter;
  readonly putBodies: (key: string, text: string) => Promise<unknown>;
  readonly log: Log;
}

/** Bodies go with their record, unless no row can hold them: then they lie in R2, and the key goes. */
async function placeBodies(
  traced: TraceRecord,
  bodies: BodiesText,
  deps: RecordDeps,
): Promise<BodiesText | { readonly key: string }> {
  if (bodies.maxBytes <= MAX_SHELVED_BODIES_BYTES) return bodies;
  const key = bodiesKey(traced);
  try {
    await within(deps.putBodies(key, bodies.text), BODIES_LIMIT_MS);
    return { key };
  } catch (error) {
    // The record itself must not be lost for the sake of its bodies.
    deps.log("error", "trace-bodies-lost", {
      trace_id: traced.id,
      bytes: bodies.text.length,
      ...errorFields(error),
    });
    return NO_BODIES;
  }
}

/** What a ledger is to hear of the exchange, and which. */
export interface DueSettlement {
  readonly ledgerName: string;
  readonly settlement: Settlement;
}

function settlementText(due: DueSettlement | undefined): SettlementText | undefined {
  return due && { ledger: due.ledgerName, text: JSON.stringify(due.settlement) };
}

/**
 * Makes the trace durable, and the settlement with it; resolves once they are, or once every place for the trace was tried. Never throws
 * and never changes the answer.
 * @returns where the trace came to rest; only the outbox hands the settlement on.
 */
export async function record(
  facts: ExchangeFacts,
  due: DueSettlement | undefined,
  deps: RecordDeps,
): Promise<TracePlace> {
  const traced = traceRecord(facts);
  const outbox = deps.writer.outboxOf(traced.environment_id);
  const text = messageText(traced, outbox, await placeBodies(traced, bodiesText(facts), deps));
  return deps.writer.write({ traceId: traced.id, text, settlement: settlementText(due) }, outbox);
}
