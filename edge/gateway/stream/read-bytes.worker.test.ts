import { describe, expect, it } from "vitest";
import { isByteStream, readBytes } from "./read-bytes.ts";

const bytes = new TextEncoder().encode("data: 1\n\n");

describe("isByteStream", () => {
  it("holds for what the runtime made, and leaves the body as it was", async () => {
    const { body } = new Response(bytes);
    if (body === null) throw new Error("no body");
    expect(isByteStream(body)).toBe(true);
    expect(await new Response(body).text()).toBe("data: 1\n\n");
    const { readable, writable } = new IdentityTransformStream();
    expect(isByteStream(readable)).toBe(true);
    await writable.abort();
  });
});

describe("readBytes", () => {
  it("reads a stream of ours a chunk at a time", async () => {
    const chunks = [bytes.slice(0, 4), bytes.slice(4)];
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    });
    expect(isByteStream(body)).toBe(false);
    const reader = readBytes(body);
    expect([await reader.read(), await reader.read(), await reader.read()]).toEqual([
      bytes.slice(0, 4),
      bytes.slice(4),
      undefined,
    ]);
  });
});
