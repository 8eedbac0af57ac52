import { describe, expect, it } from "vitest";
import {
  MAX_QUEUE_BATCH_BYTES,
  MAX_QUEUE_BATCH_MESSAGES,
  MAX_QUEUE_MESSAGE_BYTES,
  packBatches,
} from "./pack-batches.ts";

const sized = (...bytes: number[]) => bytes.map((size, index) => ({ index, bytes: size }));

describe("packBatches", () => {
  it("makes nothing of nothing", () => {
    expect(packBatches([])).toEqual({ batches: [], oversized: [] });
  });

  it("starts a new batch at the message that would break a limit", () => {
    const many = packBatches(sized(...Array.from({ length: 2 * MAX_QUEUE_BATCH_MESSAGES + 1 }, () => 1)));
    expect(many.batches.map((batch) => batch.length)).toEqual([MAX_QUEUE_BATCH_MESSAGES, MAX_QUEUE_BATCH_MESSAGES, 1]);
    const heavy = packBatches(sized(120_000, 120_000, 1));
    expect(heavy.batches.map((batch) => batch.length)).toEqual([2, 1]);
  });

  it("sets apart what no queue message can hold, and only that", () => {
    const packed = packBatches(sized(1, MAX_QUEUE_MESSAGE_BYTES + 1, MAX_QUEUE_MESSAGE_BYTES));
    expect(packed.oversized.map((message) => message.index)).toEqual([1]);
    expect(packed.batches.flat().map((message) => message.index)).toEqual([0, 2]);
  });

  it("keeps order, loses nothing and stays within the limits for any sizes", () => {
    let seed = 7;
    const next = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 200; round++) {
      const messages = sized(
        ...Array.from({ length: Math.floor(next() * 300) }, () => Math.ceil(next() ** 4 * 140_000)),
      );
      const { batches, oversized } = packBatches(messages);
      const order = batches.flat().map((message) => message.index);
      expect(order).toEqual([...order].sort((a, b) => a - b));
      expect(new Set([...order, ...oversized.map((message) => message.index)]).size).toBe(messages.length);
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(MAX_QUEUE_BATCH_MESSAGES);
        expect(batch.reduce((sum, message) => sum + message.bytes, 0)).toBeLessThanOrEqual(MAX_QUEUE_BATCH_BYTES);
      }
    }
  });
});
