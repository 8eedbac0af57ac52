import { DurableObject } from "cloudflare:workers";
import { type Batch, newId } from "@millrace/core/contract";
import { beginBatch } from "../batches/begin-batch.ts";
import { BatchBook } from "../batches/batch-book.ts";
import { isTerminal, seconds, type BatchRecord } from "../batches/batch-record.ts";
import type { BatchRunService, BatchStart } from "../batches/batch-service.ts";
import { needsAlarm } from "../batches/needs-alarm.ts";
import { BatchWorker } from "../batches/batch-worker.ts";
import { createNativeRunner } from "../batches/native/native-runner.ts";
import { readConfig } from "../config.ts";
import { ResponseStore } from "../dialects/responses/response-store.ts";
import { stateBucket } from "../dialects/responses/state-bucket.ts";
import { type FileOwner, FileStore } from "../files/file-store.ts";
import { createPipeline } from "../pipeline/create-pipeline.ts";
import { createCacheApi } from "../stages/cache/cache-api.ts";
import { workerPlatform } from "../worker-platform.ts";

/** Set before an alarm's work begins: one that dies with its process is begun again by this one, or when somebody looks. Milliseconds. */
const GUARD_MS = 60_000;
/** Stored while an alarm works. */
const WORKING = "working";

/** One batch: its lines, what became of them, and the alarm that carries it on. */
export class BatchRun extends DurableObject<Record<string, unknown>> implements BatchRunService {
  readonly #book: BatchBook;
  #working = false;
  #worker: BatchWorker | undefined;

  constructor(ctx: DurableObjectState, env: Record<string, unknown>) {
    super(ctx, env);
    this.#book = new BatchBook(ctx.storage);
  }

  #newFileId(): string {
    return newId("file", { nowMs: workerPlatform.nowMs(), random: workerPlatform.randomBytes(10) });
  }

  #shown({ batch }: BatchRecord): Batch {
    return isTerminal(batch) ? batch : { ...batch, request_counts: { ...this.#book.counts() } };
  }

  #of(owner: FileOwner): BatchRecord | undefined {
    const record = this.#book.read();
    if (record === undefined) return undefined;
    const { projectId, environmentId } = record.identity;
    return projectId === owner.projectId && environmentId === owner.environmentId ? record : undefined;
  }

  /** A batch that is not over has an alarm, whatever happened to the last one. */
  async #keepGoing(record: BatchRecord): Promise<void> {
    if (isTerminal(record.batch) || this.#working) return;
    const { storage } = this.ctx;
    const died = (await storage.get(WORKING)) === true;
    const alarmAtMs = await storage.getAlarm();
    if (!this.#working && needsAlarm({ alarmAtMs, died, nowMs: Date.now() })) await storage.setAlarm(Date.now());
  }

  async start(start: BatchStart): Promise<Batch> {
    const known = this.#book.read();
    const record = known ?? beginBatch(start, { nowMs: Date.now(), newFileId: () => this.#newFileId() });
    if (known === undefined) this.#book.write(record);
    await this.#keepGoing(record);
    return this.#shown(record);
  }

  async view(owner: FileOwner): Promise<Batch | null> {
    const record = this.#of(owner);
    if (record === undefined) return null;
    await this.#keepGoing(record);
    return this.#shown(record);
  }

  async cancel(owner: FileOwner): Promise<Batch | null> {
    const record = this.#of(owner);
    if (record === undefined) return null;
    const { batch } = record;
    if (batch.status !== "validating" && batch.status !== "in_progress") return this.#shown(record);
    const changed: BatchRecord = {
      ...record,
      batch: { ...batch, status: "cancelling", cancelling_at: seconds(Date.now()) },
    };
    this.#book.write(changed);
    if (!this.#working) await this.ctx.storage.setAlarm(Date.now());
    return this.#shown(changed);
  }

  override async alarm(): Promise<void> {
    const { storage } = this.ctx;
    this.#working = true;
    try {
      await storage.put(WORKING, true);
      await storage.setAlarm(Date.now() + GUARD_MS);
      const nextMs = await (this.#worker ??= this.#createWorker()).step();
      await storage.delete(WORKING);
      if (nextMs === undefined) await storage.deleteAlarm();
      else await storage.setAlarm(Math.max(nextMs, Date.now()));
    } finally {
      this.#working = false;
    }
  }

  #createWorker(): BatchWorker {
    const config = readConfig(this.env);
    const { nowMs, log } = workerPlatform;
    // Lines of one batch are seldom the same, and a near cache for each batch of an isolate would be much.
    const pipeline = { ...createPipeline(config, workerPlatform), cache: createCacheApi(nowMs) };
    const shared = {
      book: this.#book,
      files: new FileStore({ bucket: config.state, nowMs }),
      pipeline,
      responses: new ResponseStore({ bucket: stateBucket(config.state), nowMs, log }),
      keepAlive: (work: Promise<unknown>) => this.ctx.waitUntil(work),
      nowMs,
      chance: () => Math.random(),
      log,
    };
    const { allowedPrivateHosts, state: bucket } = config;
    const native = { ...shared, bucket, allowedPrivateHosts, fetch: workerPlatform.fetch };
    return new BatchWorker({ ...shared, native: createNativeRunner(native) });
  }
}
