export interface Expiry {
  /** Rejects when the time is over. */
  readonly expired: Promise<never>;
  cancel(): void;
}

/** A bound for what cannot be aborted, such as a call of another object. */
export function expire(afterMs: number): Expiry {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${afterMs} ms`)), afterMs);
  return { expired: promise, cancel: () => clearTimeout(timer) };
}
