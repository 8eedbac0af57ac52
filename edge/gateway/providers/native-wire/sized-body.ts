const encoder = new TextEncoder();

export interface SizedBody {
  /** For `fetch`, which sends its length ahead. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Fills it as fast as it is taken. Rejects when it is not taken to its end. */
  fill(): Promise<void>;
}

/** A stream of known length between two texts, as one body: never in memory as a whole. */
export function sizedBody(
  head: string,
  middle: { readonly body: ReadableStream<Uint8Array>; readonly bytes: number },
  tail: string,
): SizedBody {
  const [first, last] = [encoder.encode(head), encoder.encode(tail)];
  const { readable, writable } = new FixedLengthStream(first.length + middle.bytes + last.length);
  return {
    readable,
    async fill() {
      const writer = writable.getWriter();
      await writer.write(first);
      for await (const piece of middle.body) await writer.write(piece);
      await writer.write(last);
      await writer.close();
    },
  };
}
