import type { ModelEvent, ModelFrame } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { StreamTracker } from "./stream-tracker.ts";

const frame = (...events: ModelEvent[]): ModelFrame => ({ events, raw: "{}" });
const text = (said: string, choice = 0): ModelEvent => ({ type: "text", choice, text: said, logprobs: undefined });
const finish = (reason: "stop" | "length" | "tool_calls" = "stop", choice = 0): ModelEvent => ({
  type: "finish",
  choice,
  reason,
  rawReason: reason,
});
const call = (argumentsDelta: string): ModelEvent => ({
  type: "tool-call",
  choice: 0,
  index: 0,
  id: undefined,
  name: undefined,
  argumentsDelta,
});
const usage: Extract<ModelEvent, { type: "usage" }> = {
  type: "usage",
  usage: {
    inputTokens: 1,
    outputTokens: 2,
    cachedInputTokens: undefined,
    reasoningTokens: undefined,
    source: "provider",
  },
};

describe("StreamTracker", () => {
  it("passes a sound batch on as it is, and knows its text, its usage and its end", () => {
    const tracker = new StreamTracker(1);
    const batch = [frame(text("Hel")), frame(text("lo")), frame(finish()), frame(usage)];
    expect(tracker.see(batch)).toBe(batch);
    expect([tracker.text, tracker.receivedChars, tracker.complete, tracker.usage?.outputTokens]).toEqual([
      "Hello",
      5,
      true,
      2,
    ]);
  });

  it("tells what carries an answer from what only frames it", () => {
    const tracker = new StreamTracker(1);
    tracker.see([frame({ type: "start", id: "a", model: "m", createdSeconds: 1, systemFingerprint: undefined })]);
    tracker.see([frame(text(""))]);
    expect(tracker.hasContent).toBe(false);
    tracker.see([frame(text("H"))]);
    expect(tracker.hasContent).toBe(true);
  });

  it("takes a count that was still growing when the answer ended for none of the whole", () => {
    const tracker = new StreamTracker(1);
    const growing: ModelEvent = { type: "usage", usage: { ...usage.usage, outputTokens: 0 } };
    const whole = frame(usage);
    tracker.see([frame(text("one"), growing), frame(finish())]);
    expect(tracker.see([whole])).toEqual([whole]);
    expect(tracker.usage?.outputTokens).toBe(2);
    expect(tracker.see([frame(usage)])).toEqual([]);
  });

  it("drops what comes for a choice that is over, but not its first usage", () => {
    const tracker = new StreamTracker(2);
    const late = frame(text("late"));
    const counted = frame(finish(), usage);
    const other = frame(text("two", 1));
    tracker.see([frame(text("one")), frame(finish())]);
    expect(tracker.see([late, other, frame(finish()), counted, frame(usage)])).toEqual([other, counted]);
    expect([tracker.text, tracker.complete]).toEqual(["onetwo", false]);
  });

  it("takes out of a frame only the choices that are over", () => {
    const tracker = new StreamTracker(2);
    const mixed = (...events: ModelEvent[]): ModelFrame => ({
      events,
      raw: JSON.stringify({
        id: "c",
        choices: [
          { index: 0, delta: {}, finish_reason: "stop" },
          { index: 1, delta: { content: "B" }, finish_reason: null },
        ],
      }),
    });
    tracker.see([frame(text("A"), finish())]);
    const [kept, ...rest] = tracker.see([mixed(finish(), text("B", 1)), mixed(finish(), finish("stop", 1))]);
    expect(JSON.parse(kept?.raw ?? "")).toEqual({
      id: "c",
      choices: [{ index: 1, delta: { content: "B" }, finish_reason: null }],
    });
    expect([rest.length, tracker.text, tracker.complete]).toEqual([1, "AB", true]);
  });

  it.each([
    ["words", text("x".repeat(1024 * 1024))],
    ["arguments", call("x".repeat(1024 * 1024))],
    [
      "logprobs",
      { ...text("x"), logprobs: Array.from({ length: 16_384 }, () => ({ token: "x", logprob: -1, bytes: null })) },
    ] as unknown as [string, ModelEvent],
    ["pictures", { type: "extra", choice: 0, field: "images", value: "" }, "x".repeat(1024 * 1024)],
  ] as [string, ModelEvent, string?][])(
    "gives up an answer whose %s outgrow memory, and delivers what came before",
    (_name, event, raw) => {
      const tracker = new StreamTracker(1);
      const batch = Array.from({ length: 25 }, () => ({ ...frame(event), ...(raw === undefined ? {} : { raw }) }));
      expect(tracker.see(batch).length).toBeLessThan(25);
      expect(tracker.fault).toMatchObject({ code: "answer-too-large" });
    },
  );

  it("finds a tool call that cannot be made, before its finish is delivered", () => {
    const tracker = new StreamTracker(1);
    const begun = frame(call('{"a":'));
    expect(tracker.see([begun, frame(finish("tool_calls"))])).toEqual([begun]);
    expect(tracker.fault?.code).toBe("upstream-garbage");
    expect(tracker.unjoinable).toBe("tool-call");
  });

  it.each([
    ["an answer that reached its length", '{"a":', "length" as const],
    ["a call without arguments", "", "tool_calls" as const],
    ["whole arguments", '{"a":1}', "tool_calls" as const],
  ])("takes %s as it is", (_name, argumentsText, reason) => {
    const tracker = new StreamTracker(1);
    tracker.see([frame(call(argumentsText)), frame(finish(reason))]);
    expect(tracker.fault).toBeUndefined();
  });
});
