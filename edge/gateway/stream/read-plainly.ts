import type { ReadAhead } from "./read-ahead.ts";

/** Whether a body can be read ahead of us: what came from the network can, what went through a stream of ours may not. */
export function isByteStream(body: ReadableStream<Uint8Array>): boolean {
  try {
    body.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/** A body one chunk at a time, for those that are no byte streams. */
export function readPlainly(body: ReadableStream<Uint8Array>): ReadAhead {
  const reader = body.getReader();
  return {
    read: async () => (await reader.read()).value,
    cancel: () => void reader.cancel().catch(() => undefined),
  };
}
