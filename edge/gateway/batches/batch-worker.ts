import { type Batch, type BatchError, isMillraceError, MillraceError } from "@millrace/core/contract";
import { errorFields, type Log } from "@millrace/core/log";
import type { Admission } from "../exchange/admission.ts";
import type { FileStore } from "../files/file-store.ts";
import { admitKey } from "./admit-key.ts";
import { type AskDeps, askLine } from "./ask-line.ts";
import type { BatchBook, OpenLine } from "./batch-book.ts";
import { type BatchRecord, isTerminal, type NativeBatch, seconds } from "./batch-record.ts";
import { decideRetry } from "./decide-retry.ts";
import { type BatchLine, readLine } from "./read-line.ts";
import { answeredLine, lineId, unaskedLine } from "./result-line.ts";
import { validateInput } from "./validate-input.ts";
import { writeResults } from "./write-results.ts";

/** Lines of one batch under way at once: enough to keep a model busy, few enough to leave room for those who wait. */
const CONCURRENT_LINES = 8;
/** Lines of one alarm, each a few calls: a Worker may make a thousand for one event. */
const LINES_PER_STEP = 100;
/** An alarm begins no line after this; fifteen minutes are what one may take. */
const STEP_MS = 120_000;
/** What is away is asked again after this, doubled each time. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;
/** The provider's own day began later than the batch's. */
const NATIVE_GRACE_MS = 3_600_000;
/** Lines that are closed unasked in one go. */
const LINES_PER_CLOSE = 500;

/** The part of a batch that a provider's own batch API does. Resolves with when to look again; undefined = nothing is left for it to do. */
export interface NativeRunner {
  /** @param record as it is now */
  step(record: BatchRecord, update: (native: NativeBatch | "no") => void): Promise<number | undefined>;
  cancel(record: BatchRecord): Promise<void>;
}

export interface BatchWorkerDeps extends AskDeps {
  readonly book: BatchBook;
  readonly files: FileStore;
  readonly nowMs: () => number;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  readonly log: Log;
  readonly native: NativeRunner;
}

type Stop = NonNullable<BatchRecord["stop"]>;

const revoked: BatchError = {
  code: "invalid-key",
  message: "The key of this batch was revoked, has expired or may no longer ask models.",
  param: null,
  line: null,
};
const inputGone: BatchError = {
  code: "input-file-missing",
  message: "The input file is no longer there.",
  param: "input_file_id",
  line: null,
};
const expired: BatchError = {
  code: "batch_expired",
  message: "This request could not be executed before the completion window expired.",
  param: null,
  line: null,
};
const cancelled: BatchError = {
  code: "batch_cancelled",
  message: "This batch was cancelled before the request was executed.",
  param: null,
  line: null,
};

/** When nothing more is waited for. Milliseconds since the epoch. */
function endOf({ batch, native }: BatchRecord): number {
  return (batch.expires_at ?? 0) * 1000 + (typeof native === "object" ? NATIVE_GRACE_MS : 0);
}

/** Carries a batch through its states, a part at a time; every part may be repeated, and no finished line is. */
export class BatchWorker {
  readonly #deps: BatchWorkerDeps;

  constructor(deps: BatchWorkerDeps) {
    this.#deps = deps;
  }

  /** Does a part of the work. When to go on, in milliseconds since the epoch; undefined = it is over. Never throws. */
  async step(): Promise<number | undefined> {
    const { book, log, nowMs } = this.#deps;
    const record = book.read();
    if (record === undefined || isTerminal(record.batch)) return undefined;
    try {
      const next = await this.#advance(record);
      const isChanged = book.read()?.batch.status !== record.batch.status;
      if (record.failures > 0) this.#update((now) => ({ ...now, failures: 0 }));
      // It was told to end while something was waited for.
      return next !== undefined && isChanged ? nowMs() : next;
    } catch (error) {
      log("warn", "batch-step-failed", { batch_id: record.batch.id, ...errorFields(error) });
      this.#update((now) => ({ ...now, failures: now.failures + 1 }));
      return nowMs() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** record.failures);
    }
  }

  #advance(record: BatchRecord): Promise<number | undefined> {
    switch (record.batch.status) {
      case "validating":
        return this.#validate(record);
      case "in_progress":
        return this.#run(record);
      case "cancelling":
        return this.#cancel(record);
      case "finalizing":
        return this.#finalize();
      case "failed":
      case "completed":
      case "expired":
      case "cancelled":
        return Promise.resolve(undefined);
    }
  }

  /** On what is there now: others may have changed it while something was waited for. */
  #update(change: (record: BatchRecord) => BatchRecord): void {
    const { book } = this.#deps;
    const record = book.read();
    if (record !== undefined) book.write(change(record));
  }

  #updateBatch(change: (batch: Batch) => Partial<Batch>): void {
    this.#update((record) => ({ ...record, batch: { ...record.batch, ...change(record.batch) } }));
  }

  async #validate({ batch, identity }: BatchRecord): Promise<number | undefined> {
    const { book, files, nowMs } = this.#deps;
    book.clearLines();
    const content = await files.content(identity, batch.input_file_id).catch((cause: unknown) => {
      if (isMillraceError(cause) && cause.code === "unknown-resource") return undefined;
      throw cause;
    });
    const { errors, onlyModel } =
      content === undefined
        ? { errors: [inputGone], onlyModel: undefined }
        : await validateInput(content, { endpoint: batch.endpoint, add: (places) => book.addLines(places) });
    if (book.read()?.batch.status !== "validating") return nowMs();
    const atSeconds = seconds(nowMs());
    if (errors.length > 0) {
      book.clearLines();
      this.#updateBatch(() => ({
        status: "failed",
        failed_at: atSeconds,
        errors: { object: "list", data: [...errors] },
      }));
      return undefined;
    }
    this.#update((record) => ({ ...record, onlyModel }));
    this.#updateBatch(() => ({ status: "in_progress", in_progress_at: atSeconds }));
    return nowMs();
  }

  async #run(record: BatchRecord): Promise<number | undefined> {
    const { book, native, nowMs } = this.#deps;
    const isNative = typeof record.native === "object";
    const expiresAtMs = endOf(record);
    if (nowMs() >= expiresAtMs) return this.#stop({ status: "expired", error: expired });
    if (isNative && (await admitKey(record.identity, this.#deps.keepAlive, this.#deps.pipeline)) === undefined) {
      this.#update((now) => ({ ...now, stop: { status: "failed", error: revoked } }));
      this.#updateBatch(() => ({ status: "cancelling" }));
      await native.cancel(record);
      return nowMs();
    }
    if (record.native !== "no") {
      const next = await native.step(record, (to) => this.#update((now) => ({ ...now, native: to })));
      if (next !== undefined) return Math.min(next, expiresAtMs);
    }
    const lines = book.due(nowMs(), LINES_PER_STEP);
    if (lines.length > 0) {
      await this.#ask(lines);
      return nowMs();
    }
    const nextDueMs = book.nextDueMs();
    if (nextDueMs !== undefined) return Math.min(nextDueMs, expiresAtMs);
    this.#updateBatch(({ status }) =>
      status === "in_progress" ? { status: "finalizing", finalizing_at: seconds(nowMs()) } : {},
    );
    return nowMs();
  }

  /** Ends a batch before its time; what is over stays over. */
  #stop(stop: Stop): Promise<number> {
    const { nowMs } = this.#deps;
    this.#update((record) => ({
      ...record,
      stop,
      batch: { ...record.batch, status: "finalizing", finalizing_at: seconds(nowMs()) },
    }));
    return Promise.resolve(nowMs());
  }

  async #ask(lines: readonly OpenLine[]): Promise<void> {
    const { book, nowMs } = this.#deps;
    const endsAtMs = nowMs() + STEP_MS;
    const waiting = [...lines];
    const work = async (): Promise<void> => {
      for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) {
        if (nowMs() >= endsAtMs || book.read()?.batch.status !== "in_progress") return;
        await this.#askOne(line);
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: CONCURRENT_LINES }, work));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  async #askOne(place: OpenLine): Promise<void> {
    const { book, chance, nowMs, pipeline, keepAlive } = this.#deps;
    const record = book.read();
    if (record === undefined) return;
    const { batch, identity } = record;
    const admission: Admission | undefined = await admitKey(identity, keepAlive, pipeline);
    if (admission === undefined) return void (await this.#stop({ status: "failed", error: revoked }));
    const line = await this.readLine(record, place);
    if (line === undefined) return void (await this.#stop({ status: "failed", error: inputGone }));
    const asked = { batchId: batch.id, endpoint: batch.endpoint, line, admission };
    const answer = await askLine(asked, this.#deps);
    const pauseMs = decideRetry(answer, place.attempts + 1, chance());
    if (pauseMs !== undefined) return book.postpone(place.n, nowMs() + pauseMs);
    const named = { id: lineId(batch.id, place.n), customId: place.customId };
    book.finish(place.n, answer.status < 400 ? "completed" : "failed", answeredLine(named, answer));
  }

  /** A line of the input file; undefined when the file is gone. @throws MillraceError `state-unavailable`. */
  async readLine({ batch, identity }: BatchRecord, place: OpenLine): Promise<BatchLine | undefined> {
    const range = { offset: place.start, length: place.length };
    try {
      const bytes = await this.#deps.files.content(identity, batch.input_file_id, range);
      const verdict = readLine(await new Response(bytes).text(), batch.endpoint);
      if (!verdict.ok) throw new Error(`line ${place.n} changed after it was read`);
      return verdict.line;
    } catch (cause) {
      if (isMillraceError(cause) && cause.code === "unknown-resource") return undefined;
      if (isMillraceError(cause)) throw cause;
      throw new MillraceError("state-unavailable", { message: "The store of files is away.", cause });
    }
  }

  async #cancel(record: BatchRecord): Promise<number | undefined> {
    const { native } = this.#deps;
    if (record.stop === undefined) {
      await native.cancel(record);
      this.#update((now) => ({ ...now, stop: { status: "cancelled", error: cancelled } }));
    }
    if (typeof record.native === "object" && this.#deps.nowMs() < endOf(record)) {
      const next = await native.step(record, (to) => this.#update((now) => ({ ...now, native: to })));
      if (next !== undefined) return next;
    }
    return this.#finalize();
  }

  async #finalize(): Promise<undefined> {
    const { book, files, nowMs } = this.#deps;
    const record = book.read();
    if (record === undefined) return;
    const { batch, identity, stop } = record;
    if (stop !== undefined) this.#closeOpen(batch.id, stop.error);
    const deps = { book, files, owner: identity };
    const file = { batch, nowMs: nowMs(), expiresAfterSeconds: record.outputExpiresAfterSeconds };
    const hasOutput = await writeResults({ ...file, id: record.outputFileId, state: "completed" }, deps);
    const hasErrors = await writeResults({ ...file, id: record.errorFileId, state: "failed" }, deps);
    const status = stop?.status ?? "completed";
    this.#updateBatch((now) => ({
      status,
      output_file_id: hasOutput ? record.outputFileId : undefined,
      error_file_id: hasErrors ? record.errorFileId : undefined,
      request_counts: { ...book.counts() },
      [`${status}_at`]: seconds(nowMs()),
      errors: stop?.status === "failed" ? { object: "list" as const, data: [stop.error] } : now.errors,
    }));
    book.clearLines();
  }

  /** What was never asked says so in the file of errors. */
  #closeOpen(batchId: string, error: BatchError): void {
    const { book } = this.#deps;
    for (let page = book.page("open", -1, LINES_PER_CLOSE); page.length > 0;) {
      for (const { n, customId } of page)
        book.finish(n, "failed", unaskedLine({ id: lineId(batchId, n), customId }, error));
      page = book.page("open", -1, LINES_PER_CLOSE);
    }
  }
}
