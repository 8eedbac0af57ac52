import { describe, expect, it } from "vitest";
import { type FileLine, readLines } from "./read-lines.ts";

const encoder = new TextEncoder();
async function linesOf(text: string, pieceBytes: number, maxBytes = 1000): Promise<FileLine[]> {
  const bytes = encoder.encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += pieceBytes) controller.enqueue(bytes.subarray(at, at + pieceBytes));
      controller.close();
    },
  });
  const lines: FileLine[] = [];
  for await (const line of readLines(body, maxBytes)) lines.push(line);
  return lines;
}

describe("readLines", () => {
  it.each([1, 2, 3, 5, 100])("tells each line, its number and its place, in pieces of %d bytes", async (pieceBytes) => {
    const text = "one\n\nzwölf\r\nlast";
    const lines = await linesOf(text, pieceBytes);
    expect(lines.map(({ number, bytes }) => [number, new TextDecoder().decode(bytes)])).toEqual([
      [1, "one"],
      [2, ""],
      [3, "zwölf\r"],
      [4, "last"],
    ]);
    const bytes = encoder.encode(text);
    for (const { start, length, bytes: line } of lines) expect(bytes.slice(start, start + length)).toEqual(line);
  });

  it("says of a line beyond the bound only where it is", async () => {
    const lines = await linesOf(`a\n${"x".repeat(50)}\nb\n`, 7, 10);
    expect(lines.map(({ number, length, bytes }) => [number, length, bytes === undefined])).toEqual([
      [1, 1, false],
      [2, 50, true],
      [3, 1, false],
    ]);
  });
});
