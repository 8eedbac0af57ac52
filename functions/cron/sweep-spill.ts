import { type AcknowledgeDeps, acknowledgeAll, type Receipt, receiptOf } from "../ingest/acknowledge.ts";
import { type DeadLetterDeps, type DeadLetterRow, keepDeadLetters } from "../ingest/dead-letter.ts";
import { type IngestDeps, ingestTraces } from "../ingest/ingest-traces.ts";
import { parseMessage } from "../ingest/parse-message.ts";
import { readSpill, SPILL_PREFIX } from "../spill.ts";
import type { TraceMessage } from "@millrace/core/contract";

/** Files of one tick, each at most a few megabytes; a minute later comes the next. */
const FILES_PER_TICK = 50;
/** The name under which lines of these files become dead letters. */
const SPILL_QUEUE = "spill";

/** What the sweepers need of R2. */
export interface SweepBucket {
  readonly list: (options: {
    readonly prefix: string;
    readonly limit: number;
  }) => Promise<{ readonly objects: readonly { readonly key: string }[] }>;
  readonly get: (key: string) => Promise<{ readonly text: () => Promise<string> } | null>;
  readonly delete: (key: string) => Promise<void>;
}

export interface SweepSpillDeps extends IngestDeps, DeadLetterDeps, AcknowledgeDeps {
  readonly bucket: SweepBucket;
  readonly now: () => number;
}

/**
 * Stores what outboxes and the queue spilled, oldest file first. A file is deleted when each of its messages is in Postgres
 * or a dead letter, else it stays whole: storing a message twice changes nothing.
 * @returns messages that are safe now
 * @throws what R2 threw
 */
export async function sweepSpill(deps: SweepSpillDeps): Promise<number> {
  const { objects } = await deps.bucket.list({ prefix: SPILL_PREFIX, limit: FILES_PER_TICK });
  let safe = 0;
  for (const { key } of objects) {
    const object = await deps.bucket.get(key);
    if (object === null) continue;
    const swept = await sweepFile(key, readSpill(await object.text()), deps);
    if (swept === undefined) break;
    await deps.bucket.delete(key);
    safe += swept;
  }
  return safe;
}

interface Line {
  readonly id: string;
  readonly body: string;
  readonly message: TraceMessage;
}

/** Undefined when something was away. */
async function sweepFile(key: string, lines: readonly string[], deps: SweepSpillDeps): Promise<number | undefined> {
  const good: Line[] = [];
  const letters: DeadLetterRow[] = [];
  const receipts: Receipt[] = [];
  const bury = (letter: Pick<DeadLetterRow, "id" | "body" | "reason" | "project_id">) => {
    letters.push({ ...letter, queue: SPILL_QUEUE, attempts: 1, dead_at: new Date(deps.now()).toISOString() });
  };
  for (const [index, body] of lines.entries()) {
    const id = `${key}#${index}`;
    const parsed = parseMessage(body);
    if (parsed.ok) good.push({ id, body, message: parsed.message });
    else bury({ id, body, reason: parsed.poison.reason, project_id: parsed.poison.projectId ?? null });
  }
  const result = await ingestTraces(good, deps);
  for (const { item, reason } of result.guilty) {
    bury({ id: item.id, body: item.body, reason, project_id: item.message.record.project_id });
    receipts.push(receiptOf(item.message));
  }
  const kept = await keepDeadLetters(letters, deps);
  await acknowledgeAll([...result.stored.map((item) => receiptOf(item.message)), ...receipts], deps);
  return result.away.length > 0 || kept.length < letters.length ? undefined : lines.length;
}
