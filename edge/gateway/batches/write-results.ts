import { type Batch, type FileObject } from "@millrace/core/contract";
import type { FileOwner, FileStore } from "../files/file-store.ts";
import type { BatchBook, LineState } from "./batch-book.ts";

/** Results that are looked up at once; one may be megabytes. */
const LINES_PER_PAGE = 100;

const encoder = new TextEncoder();

export interface ResultFile {
  readonly id: string;
  readonly batch: Batch;
  readonly state: LineState;
  readonly expiresAfterSeconds: number | undefined;
  readonly nowMs: number;
}

export interface WriteDeps {
  readonly book: BatchBook;
  readonly files: FileStore;
  readonly owner: FileOwner;
}

/**
 * Writes the results of one kind as a file, in the order of the input; false when there are none. Written again, it replaces itself.
 * @throws whatever the store throws.
 */
export async function writeResults(file: ResultFile, { book, files, owner }: WriteDeps): Promise<boolean> {
  const writer = files.writer(owner, file.id);
  try {
    for (let after = -1; ;) {
      const page = book.page(file.state, after, LINES_PER_PAGE);
      for (const { n } of page) await writer.write(encoder.encode(`${book.result(n)}\n`));
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.n;
    }
    if (writer.bytes === 0) return false;
    await writer.finish();
  } catch (cause) {
    await writer.abort();
    throw cause;
  }
  const createdAt = Math.floor(file.nowMs / 1000);
  const name = file.state === "completed" ? "output" : "error";
  const entry: FileObject = {
    id: file.id,
    object: "file",
    bytes: writer.bytes,
    created_at: createdAt,
    ...(file.expiresAfterSeconds === undefined ? {} : { expires_at: createdAt + file.expiresAfterSeconds }),
    filename: `${file.batch.id}_${name}.jsonl`,
    purpose: "batch_output",
    status: "processed",
  };
  await files.commit(owner, entry);
  return true;
}
