/** A queue takes 128 KB a message, its own metadata of about 100 bytes included. */
export const MAX_QUEUE_MESSAGE_BYTES = 127_000;
/** A `sendBatch` takes 256 KB; the margin covers 100 times the metadata. */
export const MAX_QUEUE_BATCH_BYTES = 240_000;
/** A `sendBatch` takes 100 messages. */
export const MAX_QUEUE_BATCH_MESSAGES = 100;

export interface Packed<T> {
  readonly batches: readonly (readonly T[])[];
  /** Too large for any queue message; they have to travel another way. */
  readonly oversized: readonly T[];
}

/** Cuts messages into groups that one `sendBatch` takes, in their order: nothing is left out and nothing comes twice. */
export function packBatches<T extends { readonly bytes: number }>(messages: readonly T[]): Packed<T> {
  const batches: T[][] = [];
  const oversized: T[] = [];
  let open: T[] = [];
  let openBytes = 0;
  for (const message of messages) {
    if (message.bytes > MAX_QUEUE_MESSAGE_BYTES) {
      oversized.push(message);
      continue;
    }
    if (open.length === MAX_QUEUE_BATCH_MESSAGES || openBytes + message.bytes > MAX_QUEUE_BATCH_BYTES) {
      batches.push(open);
      open = [];
      openBytes = 0;
    }
    open.push(message);
    openBytes += message.bytes;
  }
  if (open.length > 0) batches.push(open);
  return { batches, oversized };
}
