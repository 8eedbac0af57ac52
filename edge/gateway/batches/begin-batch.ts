import type { Batch } from "@millrace/core/contract";
import type { BatchRecord } from "./batch-record.ts";
import { seconds } from "./batch-record.ts";
import type { BatchStart } from "./batch-service.ts";

/** The one window that there is. */
const WINDOW_SECONDS = 24 * 3600;

/** A batch that nothing has been done for. */
export function beginBatch(
  { id, identity, request }: BatchStart,
  { nowMs, newFileId }: { readonly nowMs: number; readonly newFileId: () => string },
): BatchRecord {
  const createdAt = seconds(nowMs);
  const batch: Batch = {
    id,
    object: "batch",
    endpoint: request.endpoint,
    input_file_id: request.input_file_id,
    completion_window: request.completion_window,
    status: "validating",
    created_at: createdAt,
    expires_at: createdAt + WINDOW_SECONDS,
    request_counts: { total: 0, completed: 0, failed: 0 },
    metadata: request.metadata ?? null,
  };
  return {
    schema: 1,
    batch,
    identity,
    outputExpiresAfterSeconds: request.output_expires_after?.seconds,
    outputFileId: newFileId(),
    errorFileId: newFileId(),
    onlyModel: undefined,
    failures: 0,
    stop: undefined,
    native: "untried",
  };
}
