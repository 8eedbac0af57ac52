import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newId } from "@millrace/core/contract";
import { FileStore } from "../files/file-store.ts";
import type { BatchRun } from "../objects/batch-run.ts";
import { BatchBook } from "./batch-book.ts";
import type { BatchRecord } from "./batch-record.ts";
import { BatchWorker, type BatchWorkerDeps, type NativeRunner } from "./batch-worker.ts";
import { beginBatch } from "./begin-batch.ts";

const { BATCH_RUN, STATE } = env as unknown as {
  readonly BATCH_RUN: DurableObjectNamespace<BatchRun>;
  readonly STATE: R2Bucket;
};
const identity = { projectId: "prj_a", environmentId: "env_a", keyId: "key_1" };
const nowMs = 1_800_000_000_000;
const dayMs = 24 * 3600 * 1000;
let ids = 0;
const newFileId = () => newId("file", { nowMs, random: new Uint8Array(10).fill(++ids) });

/** A batch of two lines under way, of which the first is over. No model is asked: everything that could ask one refuses. */
async function withBatch(
  name: string,
  test: (parts: {
    book: BatchBook;
    files: FileStore;
    workerAt: (atMs: number, native?: NativeRunner) => BatchWorker;
  }) => Promise<void>,
): Promise<void> {
  await runInDurableObject(BATCH_RUN.getByName(name), async (_, { storage }) => {
    const book = new BatchBook(storage);
    const request = {
      input_file_id: "file_0",
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
    } as const;
    const begun = beginBatch({ id: `batch_${"0".repeat(32)}`, identity, request }, { nowMs, newFileId });
    book.write({ ...begun, native: "no", batch: { ...begun.batch, status: "in_progress" } } satisfies BatchRecord);
    book.addLines([
      { n: 0, customId: "a", start: 0, length: 1 },
      { n: 1, customId: "b", start: 2, length: 1 },
    ]);
    book.finish(0, "completed", '{"custom_id":"a"}');
    const files = new FileStore({ bucket: STATE, nowMs: () => nowMs });
    const refuse = () => Promise.reject(new Error("nobody is asked here"));
    const workerAt = (atMs: number, native: NativeRunner = { step: refuse, cancel: refuse }) =>
      new BatchWorker({
        book,
        files,
        nowMs: () => atMs,
        chance: () => 0,
        log: () => undefined,
        keepAlive: () => undefined,
        native,
        pipeline: { bundles: { read: refuse }, nowMs: () => atMs },
      } as unknown as BatchWorkerDeps);
    await test({ book, files, workerAt });
  });
}

describe("a batch", () => {
  it("that is cancelled while its provider is asked goes on at once", async () => {
    await withBatch("cancelled-meanwhile", async ({ book, workerAt }) => {
      const native = { step: () => Promise.resolve(cancelled()), cancel: () => Promise.resolve() };
      const cancelled = (): number => {
        const record = book.read();
        if (record !== undefined) book.write({ ...record, batch: { ...record.batch, status: "cancelling" } });
        return nowMs + 60_000;
      };
      const record = book.read();
      if (record !== undefined) book.write({ ...record, native: "untried" });
      expect(await workerAt(nowMs, native).step()).toBe(nowMs);
    });
  });

  it("expires after its day: what is over stays, what was never asked says so", async () => {
    await withBatch("expires", async ({ book, files, workerAt }) => {
      const worker = workerAt(nowMs + dayMs);
      expect(await worker.step()).toBe(nowMs + dayMs);
      expect(await worker.step()).toBeUndefined();
      const batch = book.read()?.batch;
      expect(batch).toMatchObject({
        status: "expired",
        expired_at: (nowMs + dayMs) / 1000,
        request_counts: { total: 2, completed: 1, failed: 1 },
      });
      const errors = await new Response(await files.content(identity, batch?.error_file_id ?? "")).text();
      expect(JSON.parse(errors)).toMatchObject({ custom_id: "b", response: null, error: { code: "batch_expired" } });
      expect(await worker.step()).toBeUndefined();
    });
  });

  it("waits when the configuration is away, longer each time, and forgets that once it is back", async () => {
    await withBatch("waits", async ({ book, workerAt }) => {
      const worker = workerAt(nowMs);
      expect(await worker.step()).toBe(nowMs + 1_000);
      expect(await worker.step()).toBe(nowMs + 2_000);
      expect(book.read()).toMatchObject({ failures: 2, batch: { status: "in_progress" } });
      expect(book.counts()).toEqual({ total: 2, completed: 1, failed: 0 });
    });
  });

  it("counts only the first result of a line, and holds one of any length", async () => {
    await withBatch("results", async ({ book }) => {
      const long = "ö".repeat(1_200_000);
      book.finish(1, "completed", long);
      book.finish(1, "failed", "again");
      expect(book.result(1)).toBe(long);
      expect(book.counts()).toEqual({ total: 2, completed: 2, failed: 0 });
    });
  });
});
