/** One line of a file, without its end. */
export interface FileLine {
  /** From 1, empty lines counted. */
  readonly number: number;
  /** Bytes from the beginning of the file. */
  readonly start: number;
  readonly length: number;
  /** Undefined = it is longer than the bound. */
  readonly bytes: Uint8Array | undefined;
}

const LINE_FEED = 0x0a;

/** The lines of a file as it streams by; one is in memory at a time, and none that is longer than `maxBytes`. */
export async function* readLines(body: ReadableStream<Uint8Array>, maxBytes: number): AsyncGenerator<FileLine> {
  let pieces: Uint8Array[] = [];
  let number = 1;
  let start = 0;
  let length = 0;
  const add = (piece: Uint8Array): void => {
    length += piece.length;
    if (length <= maxBytes) pieces.push(piece);
    else pieces = [];
  };
  const line = (): FileLine => {
    const bytes = length <= maxBytes ? joined(pieces, length) : undefined;
    const told = { number, start, length, bytes };
    number += 1;
    start += length + 1;
    length = 0;
    pieces = [];
    return told;
  };
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, end));
      yield line();
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (length > 0) yield line();
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
