/** Where whole trace messages wait for the sweeper when neither the outbox nor the queue can hold them. */
export const SPILL_PREFIX = "spill/";

/**
 * Message texts as one R2 object, a line each; JSON text holds no raw line break. Written once, read by `cron/sweep-spill.ts`.
 * @param source who spilled: the name of an outbox, or of a queue
 */
export async function writeSpill(bucket: R2Bucket, source: string, bodies: readonly string[]): Promise<void> {
  const at = new Date().toISOString();
  await bucket.put(`${SPILL_PREFIX}${at}-${source}-${crypto.randomUUID()}.ndjson`, bodies.join("\n"));
}

export function readSpill(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
