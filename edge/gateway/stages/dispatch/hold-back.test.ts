import type { ModelFrame } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { HoldBack } from "./hold-back.ts";

const said = (text: string): ModelFrame => ({
  events: text === "" ? [] : [{ type: "text", choice: 0, text, logprobs: undefined }],
  raw: text,
});
const texts = (frames: readonly ModelFrame[]): (string | undefined)[] => frames.map((frame) => frame.raw);

describe("HoldBack", () => {
  it("without a window gives out each batch itself", () => {
    const batch = [said("a")];
    expect(new HoldBack(0).push(batch)).toBe(batch);
  });

  it("keeps the newest frames until enough text lies behind them", () => {
    const hold = new HoldBack(3);
    expect(texts(hold.push([said(""), said("ab")]))).toEqual([""]);
    expect(hold.heldChars).toBe(2);
    expect(texts(hold.push([said("cd"), said("e")]))).toEqual(["ab"]);
    expect(texts(hold.flush())).toEqual(["cd", "e"]);
    expect(hold.heldChars).toBe(0);
  });

  it("forgets what will be told again", () => {
    const hold = new HoldBack(10);
    hold.push([said("ab")]);
    hold.drop();
    expect([hold.heldChars, hold.flush()]).toEqual([0, []]);
  });
});
