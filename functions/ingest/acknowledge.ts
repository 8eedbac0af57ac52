import type { TraceMessage } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";

export interface AcknowledgeDeps {
  readonly acknowledge: (outbox: string, traceIds: readonly string[]) => Promise<void>;
  readonly log: Log;
}

export interface Receipt {
  readonly outbox: string;
  readonly traceId: string;
}

export function receiptOf(message: TraceMessage): Receipt {
  return { outbox: message.outbox, traceId: message.record.id };
}

/**
 * Tells each outbox, once, what is safe now. A failure is only logged: the outbox sends again, the statement changes
 * nothing, and the next acknowledgement has another chance.
 */
export async function acknowledgeAll(receipts: readonly Receipt[], deps: AcknowledgeDeps): Promise<void> {
  const byOutbox = Map.groupBy(
    receipts.filter((receipt) => receipt.outbox !== ""),
    (receipt) => receipt.outbox,
  );
  await Promise.all(
    [...byOutbox].map(async ([outbox, group]) => {
      try {
        await deps.acknowledge(
          outbox,
          group.map((receipt) => receipt.traceId),
        );
      } catch (error) {
        deps.log("warn", "acknowledge-failed", { outbox, count: group.length, ...errorFields(error) });
      }
    }),
  );
}
