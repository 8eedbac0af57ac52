import type { ExportName } from "./export-name.ts";

/** What `sendBatch` takes at once; a name is far below a thousandth of the bytes that it takes. */
const MAX_BATCH = 100;

export interface ExportQueue {
  sendBatch(messages: Iterable<{ readonly body: ExportName; readonly contentType: "json" }>): Promise<unknown>;
}

/** Notes that these traces are to be exported. @throws when the queue is away */
export async function queueExports(names: readonly ExportName[], queue: ExportQueue): Promise<void> {
  for (let start = 0; start < names.length; start += MAX_BATCH) {
    await queue.sendBatch(
      names.slice(start, start + MAX_BATCH).map((body) => ({ body, contentType: "json" as const })),
    );
  }
}
