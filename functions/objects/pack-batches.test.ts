import { describe, expect, it } from "vitest";
import {
  MAX_NAME_BYTES,
  MAX_QUEUE_BATCH_BYTES,
  MAX_QUEUE_BATCH_MESSAGES,
  MAX_QUEUE_MESSAGE_BYTES,
  packBatches,
} from "./pack-batches.ts";

const sized = (...bytes: number[]) => bytes.map((size, index) => ({ index, bytes: size }));

describe("packBatches", () => {
  it("makes nothing of nothing", () => {
    expect(packBatches([])).toEqual([]);
  });

  it("starts a new batch at the message that would break a limit", () => {
    const many = packBatches(sized(...Array.from({ length: 2 * MAX_QUEUE_BATCH_MESSAGES + 1 }, () => 1)));
    expect(many.map((batch) => batch.length)).toEqual([MAX_QUEUE_BATCH_MESSAGES, MAX_QUEUE_BATCH_MESSAGES, 1]);
    const heavy = packBatches(sized(120_000, 120_000, 1));
    expect(heavy.map((batch) => batch.length)).toEqual([2, 1]);
  });

  it("counts what no queue message can hold as its name", () => {
    const large = Array.from({ length: 50 }, () => MAX_QUEUE_MESSAGE_BYTES + 1);
    expect(packBatches(sized(1, ...large, MAX_QUEUE_MESSAGE_BYTES)).map((batch) => batch.length)).toEqual([52]);
  });

  it("keeps order, loses nothing and stays within the limits for any sizes", () => {
    let seed = 7;
    const next = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 200; round++) {
      const messages = sized(
        ...Array.from({ length: Math.floor(next() * 300) }, () => Math.ceil(next() ** 4 * 140_000)),
      );
      const batches = packBatches(messages);
      const order = batches.flat().map((message) => message.index);
      expect(order).toEqual(messages.map((message) => message.index));
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(MAX_QUEUE_BATCH_MESSAGES);
        const inQueue = batch.map(({ bytes }) => (bytes > MAX_QUEUE_MESSAGE_BYTES ? MAX_NAME_BYTES : bytes));
        expect(inQueue.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(MAX_QUEUE_BATCH_BYTES);
      }
    }
  });
});
