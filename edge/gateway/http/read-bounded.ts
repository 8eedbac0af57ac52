export interface BoundedRead {
  /** What the sender declared, if anything. */
  readonly contentLength: string | null;
  readonly maxBytes: number;
  readonly tooLarge: () => Error;
}

interface Body {
  readonly body: ReadableStream | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A sender that is cut off in mid-body sees a broken pipe instead of the refusal; beyond this many times the bound it is cut off all the same. */
const DRAINED_TIMES = 4;

async function drain(from: Body): Promise<void> {
  const reader = from.body?.getReader();
  while (reader !== undefined && !(await reader.read()).done);
}

/** Reads at most `maxBytes`, and stops at the first byte beyond them. HTTP itself holds a body to its declared length, so that case reads natively. */
export async function readBounded(from: Body, { contentLength, maxBytes, tooLarge }: BoundedRead): Promise<Uint8Array> {
  if (contentLength !== null) {
    if (Number(contentLength) > maxBytes) {
      if (Number(contentLength) <= maxBytes * DRAINED_TIMES) await drain(from);
      throw tooLarge();
    }
    return new Uint8Array(await from.arrayBuffer());
  }
  if (from.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = (from.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > maxBytes) {
      reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    parts.push(value);
  }
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
