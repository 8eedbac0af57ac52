export class TookTooLong extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.name = "TookTooLong";
  }
}

/**
 * The promise's outcome, or TookTooLong after `limitMs`. For calls that cannot be aborted (RPC, storage): the call goes on, its outcome is
 * no longer waited for.
 */
export async function within<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TookTooLong(limitMs)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}
