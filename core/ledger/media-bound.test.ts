import { describe, expect, it } from "vitest";
import { mediaBound } from "./media-bound.ts";

describe("mediaBound", () => {
  it("bounds pictures by their number, and those that are read by theirs", () => {
    const made = mediaBound("image-generations", { prompt: "a mill" }, 3);
    expect(made).toMatchObject({ images: 3, inputTokens: 6, characters: 0 });
    // The largest picture of a known model.
    expect(made.outputTokens).toBeGreaterThan(3 * 6_240);
    const image = { filename: "a.png", content_type: "image/png", bytes: 9 };
    expect(mediaBound("image-edits", { prompt: "", image: [image, image] }, 1).inputTokens).toBe(100_000);
  });

  it("bounds speech by its characters, counted as they are billed", () => {
    expect(mediaBound("speech", { input: "h\u{1f600}" }, 1).characters).toBe(2);
  });

  it("bounds what is heard by the size of its file", () => {
    const bound = mediaBound("transcriptions", { file: { bytes: 750_000 } }, 1);
    expect(bound.audioSeconds).toBe(1000);
    expect(bound.inputTokens).toBeGreaterThanOrEqual(10_000);
  });
});
