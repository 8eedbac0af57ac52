import type { TraceMessage, TraceText } from "@millrace/core/contract";
import { errorFields } from "@millrace/core/log";
import { type AcknowledgeDeps, acknowledgeAll, type Receipt, receiptOf } from "./acknowledge.ts";
import { type DeadLetterDeps, type DeadLetterRow, keepDeadLetters } from "./dead-letter.ts";
import { readName, type ShelfName } from "../objects/shelf-name.ts";
import { groupNames, type Named } from "./group-names.ts";
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
  /** The messages that an outbox still holds of these; throws when it is away. */
  readonly readShelf: (outbox: string, traceIds: readonly string[]) => Promise<readonly TraceText[]>;
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What came by the queue or, where that brought only a name, from the shelf. */
interface Delivered {
  readonly source: QueueMessage;
  readonly body: unknown;
  /** Set when the shelf has the message: it sends this name again, whatever happens here. */
  readonly name: ShelfName | undefined;
}

interface Good extends Delivered {
  readonly message: TraceMessage;
}

interface Tally {
  readonly stored: number;
  readonly dead: number;
  readonly retried: number;
  /** Postgres or R2 did not answer. */
  readonly away: boolean;
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
  const whole: Delivered[] = [];
  const named: Named<QueueMessage>[] = [];
  for (const source of batch.messages) {
    const name = readName(source.body);
    if (name === undefined) whole.push({ source, body: source.body, name: undefined });
    else named.push({ source, name });
  }
  const tallies = [await settle(batch.queue, whole, deps)];
  // A group at a time: only so many large messages fit in memory.
  for (const group of groupNames(named)) {
    const isAway = tallies.some((tally) => tally.away);
    tallies.push(isAway ? putOff(group, deps) : await settle(batch.queue, await fetchNamed(group, deps), deps));
  }
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  deps.log("info", "ingest-batch", {
    queue: batch.queue,
    stored: sum((tally) => tally.stored),
    dead: sum((tally) => tally.dead),
    retried: sum((tally) => tally.retried),
  });
}

/** The messages behind names of one outbox. One that is not there any more is safe already; while the outbox is away, all come again. */
async function fetchNamed(group: readonly Named<QueueMessage>[], deps: ConsumeDeps): Promise<Delivered[]> {
  const outbox = group[0]?.name.outbox ?? "";
  try {
    const ids = group.map(({ name }) => name.trace_id);
    const texts = new Map((await deps.readShelf(outbox, ids)).map(({ traceId, text }) => [traceId, text]));
    return group.flatMap(({ source, name }): Delivered[] => {
      const body = texts.get(name.trace_id);
      if (body !== undefined) return [{ source, body, name }];
      source.ack();
      return [];
    });
  } catch (error) {
    deps.log("warn", "shelf-away", { outbox, count: group.length, ...errorFields(error) });
    putOff(group, deps);
    return [];
  }
}

function putOff(group: readonly Named<QueueMessage>[], deps: ConsumeDeps): Tally {
  for (const { source } of group) source.retry({ delaySeconds: retryDelay(source, deps) });
  return { stored: 0, dead: 0, retried: group.length, away: true };
}

async function settle(queue: string, delivered: readonly Delivered[], deps: ConsumeDeps): Promise<Tally> {
  const good: Good[] = [];
  const dead: Dead[] = [];
  for (const item of delivered) {
    const parsed = parseMessage(item.body);
    if (parsed.ok) good.push({ ...item, message: parsed.message });
    else dead.push(deadOf(queue, item, deps.now()));
  }
  const result = await ingestTraces(good, deps);
  for (const { item, reason } of result.guilty) {
    const { letter } = deadOf(queue, item, deps.now());
    const owned = { ...letter, reason, project_id: item.message.record.project_id };
    dead.push({ source: item.source, letter: owned, receipt: receiptOf(item.message) });
  }
  const buried = await bury(dead, deps);
  await acknowledgeAll([...result.stored.map((item) => receiptOf(item.message)), ...receiptsOf(buried)], deps);
  for (const { source } of [...result.stored, ...buried]) source.ack();
  await retryLater(result.away, deps);
  return {
    stored: result.stored.length,
    dead: dead.length,
    retried: result.away.length + dead.length - buried.length,
    away: result.away.length > 0,
  };
}

/**
 * What the queue itself gave up on: kept as it came, until somebody replays it. A name is no trace: it goes, its shelf sends it again.
 * Never throws.
 */
export async function consumeDeadTraces(batch: QueueBatch, deps: ConsumeDeps): Promise<void> {
  const names = batch.messages.filter((source) => readName(source.body) !== undefined);
  for (const source of names) source.ack();
  const buried = await bury(
    batch.messages
      .filter((source) => !names.includes(source))
      .map((source) => deadOf(batch.queue, { source, body: source.body, name: undefined }, deps.now())),
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

/** A message that runs out of retries waits in R2; while that is away too, it stays in the queue. A name may go: its shelf sends it again. */
async function retryLater(items: readonly Delivered[], deps: ConsumeDeps): Promise<void> {
  for (const item of items) {
    const { source } = item;
    if (source.attempts >= SPILL_AFTER_ATTEMPTS && (item.name !== undefined || (await spilled(item, deps))))
      source.ack();
    else source.retry({ delaySeconds: retryDelay(source, deps) });
  }
}

async function spilled({ source, body }: Delivered, deps: ConsumeDeps): Promise<boolean> {
  try {
    await deps.spill([bodyText(body)]);
    return true;
  } catch (error) {
    deps.log("error", "spill-failed", { attempt: source.attempts, ...errorFields(error) });
    return false;
  }
}

function retryDelay(source: QueueMessage, deps: ConsumeDeps): number {
  return retryDelaySeconds(source.attempts, deps.random());
}

function deadOf(queue: string, { source, body, name }: Delivered, nowMs: number): Dead {
  const parsed = parseMessage(body);
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
      body: bodyText(body),
      reason: owner.reason,
      attempts: source.attempts,
      dead_at: new Date(nowMs).toISOString(),
    },
    receipt: owner.receipt ?? (name === undefined ? undefined : { outbox: name.outbox, traceId: name.trace_id }),
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
