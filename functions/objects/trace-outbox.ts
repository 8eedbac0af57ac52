import { DurableObject } from "cloudflare:workers";
import type { TraceOutboxService, TraceText } from "@millrace/core/contract";
import { errorFields } from "@millrace/core/log";
import type { FunctionsEnv } from "../config.ts";
import { log } from "../log.ts";
import { writeSpill } from "../spill.ts";
import { decideResend, FIRST_RESEND_MS } from "./decide-resend.ts";
import { expire } from "./expire.ts";
import { forwardOutbox } from "./forward-outbox.ts";
import { MAX_QUEUE_BATCH_MESSAGES } from "./pack-batches.ts";
import { OutboxShelf, type ShelfSize, shelfItem, shelfLimits } from "./outbox-shelf.ts";
import { SettlementDesk } from "./settlement-desk.ts";

/** A SQLite row may hold 2 MB, the other columns included. */
const MAX_ROW_BYTES = 1_900_000;
/** The least time between two alarms: a due time in the past must not become a busy loop. */
const MIN_ALARM_MS = 1_000;
/**
 * How long a message waits for company on its way to the queue: a call of the queue costs more than a message in it. Nobody waits for it, and
 * the queue itself waits a second for its batch to fill.
 */
const FORWARD_PAUSE_MS = 250;

/**
 * A durable shelf for traces between the gateway and the queue, and for what came with them for the ledgers. `append` returns when all of it is
 * on disk (the platform holds the answer back until the write is confirmed) and forwards it in the background; the alarm sends again whatever
 * nobody acknowledged. Objects are named `outbox-<n>`; the gateway picks one.
 */
export class TraceOutbox extends DurableObject<FunctionsEnv> implements TraceOutboxService {
  readonly #shelf: OutboxShelf;
  readonly #settlements: SettlementDesk;
  /** A cache: false after an eviction, when nothing is in flight any more. */
  #forwarding = false;
  /** A cache: ends the pause before the next run; undefined when there is none. */
  #endPause: (() => void) | undefined;
  /** A cache of the alarm that is set; undefined when that is not known. */
  #alarmAtMs: number | undefined;

  constructor(ctx: DurableObjectState, env: FunctionsEnv) {
    super(ctx, env);
    this.#shelf = new OutboxShelf(ctx.storage, { now: Date.now, random: Math.random, limits: shelfLimits });
    this.#settlements = new SettlementDesk(ctx.storage.sql, {
      ledger: (name) => env.LEDGER.getByName(name),
      outbox: () => this.#name(),
      nowMs: Date.now,
      expire,
      log,
    });
  }

  async append(messages: readonly TraceText[]): Promise<void> {
    const items = messages.map(shelfItem);
    const tooLarge = items.filter((item) => item.bytes > MAX_ROW_BYTES);
    for (const item of tooLarge) await writeSpill(this.env.TRACE_BODIES, this.#name(), [item.body]);
    this.#shelf.add(items.filter((item) => item.bytes <= MAX_ROW_BYTES));
    // In the same turn: with the trace or not at all.
    this.#settlements.add(messages.flatMap(({ settlement }) => settlement ?? []));
    // Set in the same turn as the rows, so that both are on disk or neither is.
    this.#wakeBy(Date.now() + FIRST_RESEND_MS);
    this.#forwardSoon();
  }

  async read(traceIds: readonly string[]): Promise<TraceText[]> {
    return this.#shelf.texts(traceIds);
  }

  async acknowledge(traceIds: readonly string[]): Promise<void> {
    this.#shelf.remove(traceIds);
  }

  /** How full the shelf is; for the health report. */
  async size(): Promise<ShelfSize> {
    return this.#shelf.size();
  }

  override async alarm(): Promise<void> {
    this.#alarmAtMs = undefined;
    await this.#forward();
    const dueMs = Math.min(this.#shelf.nextDueMs() ?? Number.POSITIVE_INFINITY, this.#settlementsDueMs());
    if (Number.isFinite(dueMs)) this.#wakeBy(Math.max(dueMs, Date.now() + MIN_ALARM_MS));
  }

  /** When the ledgers that were away are called again. */
  #settlementsDueMs(): number {
    if (!this.#settlements.waiting) return Number.POSITIVE_INFINITY;
    const { failures } = this.#settlements;
    return decideResend({ sends: 0, failures: Math.max(1, failures) }, { nowMs: Date.now(), random: Math.random() });
  }

  /** A run after a pause, or at once when a batch is full. */
  #forwardSoon(): void {
    // The run under way looks again at its end.
    if (this.#forwarding) return;
    const isFull = this.#shelf.unclaimed >= MAX_QUEUE_BATCH_MESSAGES;
    if (this.#endPause === undefined) this.ctx.waitUntil(isFull ? this.#forward() : this.#pauseAndForward());
    else if (isFull) this.#endPause();
  }

  async #pauseAndForward(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FORWARD_PAUSE_MS);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endPause = undefined;
    await this.#forward();
  }

  /** One run at a time; what arrives meanwhile is the next one's. */
  async #forward(): Promise<void> {
    // Beside the traces: a ledger that does not answer holds up nobody else.
    this.ctx.waitUntil(this.#deliver());
    if (this.#forwarding) return;
    this.#forwarding = true;
    try {
      await forwardOutbox({
        shelf: this.#shelf,
        sendBatch: async (bodies) => {
          await this.env.TRACES.sendBatch(bodies.map((body) => ({ body, contentType: "text" as const })));
        },
        spill: async (bodies) => writeSpill(this.env.TRACE_BODIES, this.#name(), bodies),
        log,
        outbox: this.#name(),
      });
    } catch (error) {
      log("error", "outbox-forward-failed", { outbox: this.#name(), ...errorFields(error) });
    } finally {
      this.#forwarding = false;
      const { failures, waiting, isDelivering } = this.#settlements;
      if (this.#shelf.unclaimed > 0 || (waiting && !isDelivering && failures === 0)) this.#forwardSoon();
    }
  }

  async #deliver(): Promise<void> {
    await this.#settlements.deliver();
    if (this.#settlements.failures > 0) this.#wakeBy(this.#settlementsDueMs());
  }

  #wakeBy(atMs: number): void {
    if (this.#alarmAtMs !== undefined && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(atMs));
  }

  #name(): string {
    return this.ctx.id.name ?? this.ctx.id.toString();
  }
}
