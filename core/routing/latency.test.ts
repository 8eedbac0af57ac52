import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addToSketch, emptySketch, sketchQuantileMs } from "./latency-sketch.ts";
import { EWMA_DECAY_MS, observePeakEwma, readPeakEwma } from "./peak-ewma.ts";

describe("peak-EWMA", () => {
  it("believes a worse sample at once, and a better one by 1 - 1/e after one decay", () => {
    const slow = observePeakEwma(observePeakEwma(undefined, 100, 0), 900, 10);
    expect(slow.valueMs).toBe(900);
    const better = observePeakEwma(slow, 100, 10 + EWMA_DECAY_MS);
    expect(better.valueMs).toBeCloseTo(900 / Math.E + 100 * (1 - 1 / Math.E), 6);
  });

  it("sinks while nothing is seen, and never leaves the range of what was seen", () => {
    const seen = observePeakEwma(undefined, 500, 0);
    expect(readPeakEwma(seen, EWMA_DECAY_MS)).toBeCloseTo(500 / Math.E, 6);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.nat(100_000)), { minLength: 1 }),
        (samples) => {
          let nowMs = 0;
          let average = observePeakEwma(undefined, samples[0]?.[0] ?? 1, 0);
          for (const [ms, elapsedMs] of samples) average = observePeakEwma(average, ms, (nowMs += elapsedMs));
          const all = samples.map(([ms]) => ms);
          expect(average.valueMs).toBeGreaterThanOrEqual(Math.min(...all) - 1e-6);
          expect(average.valueMs).toBeLessThanOrEqual(Math.max(...all) + 1e-6);
        },
      ),
    );
  });
});

describe("the latency sketch", () => {
  it("knows no quantile of a few", () => {
    expect(sketchQuantileMs(addToSketch(emptySketch, 100), 0.5)).toBeUndefined();
  });

  it("is within a tenth of the true quantile", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 600_000 }), { minLength: 20, maxLength: 400 }),
        fc.constantFrom(0.5, 0.9, 0.99),
        (samples, quantile) => {
          let sketch = emptySketch;
          for (const sample of samples) sketch = addToSketch(sketch, sample);
          const sorted = [...samples].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0;
          const told = sketchQuantileMs(sketch, quantile) ?? 0;
          expect(told).toBeGreaterThanOrEqual(exact * 0.999);
          expect(told).toBeLessThanOrEqual(exact * 1.101);
        },
      ),
    );
  });

  it("forgets the old in favour of the new", () => {
    let sketch = emptySketch;
    for (let sample = 0; sample < 600; sample++) sketch = addToSketch(sketch, 100);
    for (let sample = 0; sample < 1200; sample++) sketch = addToSketch(sketch, 5000);
    expect(sketchQuantileMs(sketch, 0.5)).toBeGreaterThan(4000);
    expect(sketch.total).toBeLessThanOrEqual(512);
  });
});
