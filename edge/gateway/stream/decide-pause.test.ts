import { expect, test } from "vitest";
import { decidePause } from "./decide-pause.ts";

test("the first reads of a stream never wait, however close they are", () => {
  for (const reads of [0, 1, 2]) expect(decidePause({ reads, lastGapMs: 0, lastBytes: 200 })).toBe(0);
});

test("a burst is gathered", () => {
  expect(decidePause({ reads: 3, lastGapMs: 0.1, lastBytes: 200 })).toBeGreaterThan(0);
});

test("a burst that is being gathered stays one", () => {
  const pauseMs = decidePause({ reads: 3, lastGapMs: 0, lastBytes: 200 });
  expect(decidePause({ reads: 4, lastGapMs: pauseMs + 1, lastBytes: 2000 })).toBe(pauseMs);
});

test("events at a model's own pace are read as they come", () => {
  expect(decidePause({ reads: 50, lastGapMs: 20, lastBytes: 200 })).toBe(0);
});

test("large pieces are read as fast as they come", () => {
  expect(decidePause({ reads: 50, lastGapMs: 0, lastBytes: 16_384 })).toBe(0);
});
