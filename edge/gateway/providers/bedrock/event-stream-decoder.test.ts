import { describe, expect, it } from "vitest";
import { encodeEvent } from "../../../../test/providers/bedrock/encode-event.ts";
import { crc32 } from "./crc32.ts";
import { EventStreamDecoder } from "./event-stream-decoder.ts";

const headers = { ":event-type": "contentBlockDelta", ":message-type": "event" };
const message = encodeEvent(headers, { text: "Grüße 🌍" });

describe("EventStreamDecoder", () => {
  it("computes the checksum of the standard's own example", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it("reads messages wherever they are cut", () => {
    const bytes = new Uint8Array([...message, ...message]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = new EventStreamDecoder();
      const read = [...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut)), ...decoder.end()];
      expect(read).toEqual([
        { headers, payload: '{"text":"Grüße 🌍"}' },
        { headers, payload: '{"text":"Grüße 🌍"}' },
      ]);
    }
  });

  it("reads around headers of every other type", () => {
    const other = Uint8Array.of(1, 97, 0, 1, 98, 4, 0, 0, 0, 1, 1, 99, 6, 0, 2, 9, 9, 1, 100, 9, ...Array(16).fill(0));
    expect(new EventStreamDecoder().push(withHeaders(other))).toEqual([{ headers: {}, payload: "{}" }]);
  });

  it("does not take a flipped bit, anywhere, for an answer", () => {
    for (let at = 0; at < message.length; at++) {
      const bytes = Uint8Array.from(message);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      let read: readonly unknown[] = [];
      try {
        read = new EventStreamDecoder().push(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "upstream-garbage" });
      }
      expect(read, `bit of byte ${at}`).toEqual([]);
    }
  });

  it("waits for no message that is longer than AWS sends", () => {
    const prelude = new DataView(new ArrayBuffer(12));
    prelude.setUint32(0, 17 * 1024 * 1024);
    prelude.setUint32(8, crc32(new Uint8Array(prelude.buffer, 0, 8)));
    expect(() => new EventStreamDecoder().push(new Uint8Array(prelude.buffer))).toThrow("a length that cannot be");
  });
});

/** An empty payload behind these raw headers. */
function withHeaders(raw: Uint8Array): Uint8Array {
  const size = 16 + raw.length + 2;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size);
  view.setUint32(4, raw.length);
  view.setUint32(8, crc32(bytes.subarray(0, 8)));
  bytes.set(raw, 12);
  bytes.set([123, 125], 12 + raw.length);
  view.setUint32(size - 4, crc32(bytes.subarray(0, size - 4)));
  return bytes;
}
