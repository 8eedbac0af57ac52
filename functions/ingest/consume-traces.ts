import type { TraceMessage } from "@millrace/core/contract";
import { errorFields } from "@millrace/core/log";
import { type AcknowledgeDeps, acknowledgeAll, type Receipt, receiptOf } from "./acknowledge.ts";
import { type DeadLetterDeps, type DeadLetterRow, keepDeadLetters } from "./dead-letter.ts";
import { retryDelaySeconds, SPILL_AFTER_ATTEMPTS } from "./retry-delay.ts";
import { type IngestDeps, ingestTraces } from "./ingest-traces.ts";
import { parseMessage } from "./parse-message.ts";

/** A message of the platform's queue, as far as it is used here. */
export interface QueueMessage {
  readonly id: string;
  readonly body: unknown;
  /** Deliveries so far, this one included. */
  readonly attempts: number;
  readonly ack: () => void;
  readonly retry: (options: { readonly delaySeconds: number }) => void;
}

export interface QueueBatch {
  readonly queue: string;
  readonly messages: readonly QueueMessage[];
}

export interface ConsumeDeps extends IngestDeps, DeadLetterDeps, AcknowledgeDeps {
  /** Stores message texts in R2 for the sweeper; throws when R2 is away. */
  readonly spill: (bodies: readonly string[]) => Promise<void>;
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

interface Good {
  readonly source: QueueMessage;
  readonly message: TraceMessage;
}

interface Dead {
  readonly source: QueueMessage;
  readonly letter: DeadLetterRow;
  readonly receipt: Receipt | undefined;
}

/**
 * One batch of the trace queue. Order matters: Postgres (or the dead letters) first, then the outbox, then the queue, so
 * that a death anywhere leaves the message where it comes again from. Never throws, so that each message gets its own fate.
 */
export async function consumeTraces(batch: QueueBatch, deps: ConsumeDeps): Promise<void> {
  const good: Good[] = [];
  const dead: Dead[] = [];
  for (const source of batch.messages) {
    const parsed = parseMessage(source.body);
    if (parsed.ok) good.push({ source, message: parsed.message });
    else dead.push(deadOf(batch.queue, source, deps.now()));
  }
  const result = await ingestTraces(good, deps);
  for (const { item, reason } of result.guilty) {
    const { letter } = deadOf(batch.queue, item.source, deps.now());
    const owned = { ...letter, reason, project_id: item.message.record.project_id };
    dead.push({ source: item.source, letter: owned, receipt: receiptOf(item.message) });
  }
  const buried = await bury(dead, deps);
  await acknowledgeAll([...result.stored.map((item) => receiptOf(item.message)), ...receiptsOf(buried)], deps);
  for (const { source } of [...result.stored, ...buried]) source.ack();
  await retryLater(
    result.away.map((item) => item.source),
    deps,
  );
  deps.log("info", "ingest-batch", {
    queue: batch.queue,
    stored: result.stored.length,
    dead: dead.length,
    retried: result.away.length + dead.length - buried.length,
  });
}

/** What the queue itself gave up on: kept as it came, until somebody replays it. Never throws. */
export async function consumeDeadTraces(batch: QueueBatch, deps: ConsumeDeps): Promise<void> {
  const buried = await bury(
    batch.messages.map((source) => deadOf(batch.queue, source, deps.now())),
    deps,
  );
  await acknowledgeAll(receiptsOf(buried), deps);
  for (const { source } of buried) source.ack();
}

/** Keeps the letters; what could not be kept goes back to the queue. */
async function bury(dead: readonly Dead[], deps: ConsumeDeps): Promise<readonly Dead[]> {
  const letters = dead.map(({ letter }) => letter);
  const safe = new Set(await keepDeadLetters(letters, deps));
  for (const { source, letter } of dead) {
    if (!safe.has(letter)) source.retry({ delaySeconds: retryDelay(source, deps) });
  }
  return dead.filter(({ letter }) => safe.has(letter));
}

function receiptsOf(dead: readonly Dead[]): Receipt[] {
  return dead.flatMap(({ receipt }) => receipt ?? []);
}

/** A message that runs out of retries waits in R2; while that is away too, it stays in the queue. */
async function retryLater(messages: readonly QueueMessage[], deps: ConsumeDeps): Promise<void> {
  for (const source of messages) {
    if (source.attempts >= SPILL_AFTER_ATTEMPTS && (await spilled(source, deps))) source.ack();
    else source.retry({ delaySeconds: retryDelay(source, deps) });
  }
}

async function spilled(source: QueueMessage, deps: ConsumeDeps): Promise<boolean> {
  try {
    await deps.spill([bodyText(source.body)]);
    return true;
  } catch (error) {
    deps.log("error", "spill-failed", { attempt: source.attempts, ...errorFields(error) });
    return false;
  }
}

function retryDelay(source: QueueMessage, deps: ConsumeDeps): number {
  return retryDelaySeconds(source.attempts, deps.random());
}

function deadOf(queue: string, source: QueueMessage, nowMs: number): Dead {
  const parsed = parseMessage(source.body);
  const owner = parsed.ok
    ? {
        projectId: parsed.message.record.project_id,
        reason: "given up by the queue",
        receipt: receiptOf(parsed.message),
      }
    : { projectId: parsed.poison.projectId, reason: parsed.poison.reason, receipt: poisonReceipt(parsed.poison) };
  return {
    source,
    letter: {
      id: source.id,
      project_id: owner.projectId ?? null,
      queue,
      body: bodyText(source.body),
      reason: owner.reason,
      attempts: source.attempts,
      dead_at: new Date(nowMs).toISOString(),
    },
    receipt: owner.receipt,
  };
}

function poisonReceipt(poison: {
  readonly outbox: string | undefined;
  readonly traceId: string | undefined;
}): Receipt | undefined {
  if (poison.outbox === undefined || poison.traceId === undefined) return undefined;
  return { outbox: poison.outbox, traceId: poison.traceId };
}

function bodyText(body: unknown): string {
  return typeof body === "string" ? body : (JSON.stringify(body) ?? "");
}
