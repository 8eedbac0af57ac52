import { MillraceError } from "@millrace/core/contract";
import type { EventDecoder } from "../native-wire/native-frames.ts";
import { crc32 } from "./crc32.ts";

/** One message of AWS's binary event stream. */
export interface StreamMessage {
  /** `:event-type`, `:message-type`, … ; only those whose value is text. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

/** Lengths, their checksum, and the checksum of the whole. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const LEAST_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES;
/** AWS's own bound of one message. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Bytes of a header's value by its type; types 6 and 7 say their length themselves. */
const SIZES: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 0],
  [2, 1],
  [3, 2],
  [4, 4],
  [5, 8],
  [8, 8],
  [9, 16],
]);
const BINARY = 6;
const TEXT = 7;

function broken(what: string): MillraceError {
  return new MillraceError("upstream-garbage", { message: `The model's stream is broken: ${what}.` });
}

function readHeaders(bytes: Uint8Array): Record<string, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  const headers: Record<string, string> = {};
  let at = 0;
  try {
    while (at < bytes.length) {
      const nameEnd = at + 1 + view.getUint8(at);
      const name = text.decode(bytes.subarray(at + 1, nameEnd));
      const type = view.getUint8(nameEnd);
      const sized = type === BINARY || type === TEXT;
      const size = sized ? view.getUint16(nameEnd + 1) : SIZES.get(type);
      if (size === undefined) throw broken("a header of an unknown type");
      const start = nameEnd + (sized ? 3 : 1);
      at = start + size;
      if (type === TEXT) headers[name] = text.decode(bytes.subarray(start, at));
    }
  } catch (cause) {
    if (cause instanceof RangeError) throw broken("a header that is cut");
    throw cause;
  }
  return headers;
}

function readMessage(bytes: Uint8Array, headerBytes: number): StreamMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - CHECKSUM_BYTES;
  if (view.getUint32(end) !== crc32(bytes.subarray(0, end))) throw broken("a checksum does not match");
  const payloadAt = PRELUDE_BYTES + headerBytes;
  return {
    headers: readHeaders(bytes.subarray(PRELUDE_BYTES, payloadAt)),
    payload: new TextDecoder().decode(bytes.subarray(payloadAt, end)),
  };
}

/**
 * AWS's event stream: length-prefixed messages with checksums, whatever the network did to the boundaries.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export class EventStreamDecoder implements EventDecoder<StreamMessage> {
  #buffer = new Uint8Array();

  push(bytes: Uint8Array): readonly StreamMessage[] {
    this.#append(bytes);
    const messages: StreamMessage[] = [];
    let at = 0;
    for (;;) {
      const rest = this.#buffer.subarray(at);
      if (rest.length < PRELUDE_BYTES) break;
      const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
      const [size, headerBytes] = [view.getUint32(0), view.getUint32(4)];
      if (view.getUint32(8) !== crc32(rest.subarray(0, 8))) throw broken("a checksum does not match");
      if (size < LEAST_BYTES + headerBytes || size > MAX_MESSAGE_BYTES) throw broken("a length that cannot be");
      if (rest.length < size) break;
      messages.push(readMessage(rest.subarray(0, size), headerBytes));
      at += size;
    }
    this.#buffer = this.#buffer.slice(at);
    return messages;
  }

  /** A message that is cut is not one; that it is missing shows in the answer. */
  end(): readonly StreamMessage[] {
    return [];
  }

  #append(bytes: Uint8Array): void {
    if (this.#buffer.length === 0) {
      this.#buffer = new Uint8Array(bytes);
      return;
    }
    const joined = new Uint8Array(this.#buffer.length + bytes.length);
    joined.set(this.#buffer);
    joined.set(bytes, this.#buffer.length);
    this.#buffer = joined;
  }
}
