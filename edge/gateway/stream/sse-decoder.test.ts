import { describe, expect, it } from "vitest";
import { createSseDecoder } from "./sse-decoder.ts";

const encoder = new TextEncoder();
const stream =
  '﻿: keep-alive\r\ndata: {"a":1}\r\n\r\nevent: message\ndata: zwei – 😀\ndata: drei\n\nid: 7\rdata: vier\r\rdata: [DONE]\n\n';
const expected = ['{"a":1}', "zwei – 😀\ndrei", "vier", "[DONE]"];

function decode(parts: readonly Uint8Array[]): string[] {
  const decoder = createSseDecoder();
  return [...parts.flatMap((part) => [...decoder.push(part)]), ...decoder.end()];
}

describe("createSseDecoder", () => {
  it("finds the same events wherever the bytes are split in two", () => {
    const bytes = encoder.encode(stream);
    for (let at = 0; at <= bytes.length; at++) {
      expect(decode([bytes.slice(0, at), bytes.slice(at)]), `split at ${at}`).toEqual(expected);
    }
  });

  it("finds the same events when every byte comes alone", () => {
    expect(decode([...encoder.encode(stream)].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it("drops an event that comes again under its id, and keeps one that only says the same", () => {
    expect(
      decode([encoder.encode("id: 1\ndata: a\n\nid: 1\ndata: a\n\ndata: b\n\ndata: b\n\nid: 2\ndata: a\n\n")]),
    ).toEqual(["a", "b", "b", "a"]);
  });

  it("takes an id that all events have for the connection's own", () => {
    expect(decode([encoder.encode("id: r\ndata: a\n\nid: r\ndata: b\n\nid: r\ndata: c\n\n")])).toEqual(["a", "b", "c"]);
  });

  it("gives the last event when the stream ends without its blank line", () => {
    expect(decode([encoder.encode("data: a\n\ndata: b")])).toEqual(["a", "b"]);
  });

  it("reads a large event that comes in small pieces in linear time", () => {
    const data = "x".repeat(4_000_000);
    const bytes = encoder.encode(`data: ${data}\n\n`);
    const parts = Array.from({ length: Math.ceil(bytes.length / 256) }, (_, index) =>
      bytes.subarray(index * 256, (index + 1) * 256),
    );
    expect(decode(parts)).toEqual([data]);
  });

  it("refuses an event that never ends", () => {
    const decoder = createSseDecoder();
    const half = encoder.encode(`data: ${"x".repeat(3_000_000)}`);
    decoder.push(half);
    expect(() => decoder.push(half)).toThrow("without an end");
  });
});
