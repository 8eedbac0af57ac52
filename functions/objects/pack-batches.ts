/** A queue takes 128 KB a message, its own metadata of about 100 bytes included. */
export const MAX_QUEUE_MESSAGE_BYTES = 127_000;
/** A `sendBatch` takes 256 KB; the margin covers 100 times the metadata. */
export const MAX_QUEUE_BATCH_BYTES = 240_000;
/** A `sendBatch` takes 100 messages. */
export const MAX_QUEUE_BATCH_MESSAGES = 100;
/** The name of a message that stays on its shelf: two ids and a number. */
export const MAX_NAME_BYTES = 400;

/** What a message of this size takes in the queue: itself, or its name. */
function queueBytes(bytes: number): number {
  return bytes > MAX_QUEUE_MESSAGE_BYTES ? MAX_NAME_BYTES : bytes;
}

/** Cuts messages into groups that one `sendBatch` takes, in their order: nothing is left out and nothing comes twice. */
export function packBatches<T extends { readonly bytes: number }>(messages: readonly T[]): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let open: T[] = [];
  let openBytes = 0;
  for (const message of messages) {
    const bytes = queueBytes(message.bytes);
    if (open.length === MAX_QUEUE_BATCH_MESSAGES || openBytes + bytes > MAX_QUEUE_BATCH_BYTES) {
      batches.push(open);
      open = [];
      openBytes = 0;
    }
    open.push(message);
    openBytes += bytes;
  }
  if (open.length > 0) batches.push(open);
  return batches;
}
