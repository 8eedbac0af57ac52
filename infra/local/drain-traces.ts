import { TRACE_OUTBOX_SHARDS, traceOutboxName } from "@millrace/core/contract";
import type { Miniflare } from "miniflare";
import { poll } from "./poll.ts";

const drainMs = 10_000;
const pollMs = 200;

interface Outbox {
  size(): Promise<{ readonly rows: number }>;
}

/**
 * Waits until every trace is in Postgres. Those that are not in time stay in the outbox, on disk, for the next start.
 * @returns how many are left.
 */
export async function drainTraces(miniflare: Miniflare, workerName: string): Promise<number> {
  const objects = await miniflare.getDurableObjectNamespace("TRACE_OUTBOX", workerName);
  const outboxes = Array.from(
    { length: TRACE_OUTBOX_SHARDS },
    (_, n) => objects.getByName(traceOutboxName(n)) as unknown as Outbox,
  );
  let left = 0;
  await poll(
    async () => {
      const sizes = await Promise.all(outboxes.map(async (outbox) => outbox.size()));
      left = sizes.reduce((sum, { rows }) => sum + rows, 0);
      return left === 0;
    },
    { withinMs: drainMs, everyMs: pollMs },
  );
  return left;
}
