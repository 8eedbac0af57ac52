import type { JsonObject, ModelEvent, ModelFrame } from "@millrace/core/contract";
import { joinContinued, joinRegenerated } from "@millrace/core/routing";
import { describe, expect, it } from "vitest";
import { chunkToEvents, readStart } from "../../providers/openai-wire/chunk-to-events.ts";
import { Continuation } from "./continuation.ts";

const head = { id: "first", created: 1 };

function frame(choices: JsonObject[], more: JsonObject = {}): ModelFrame {
  const chunk = { id: "second", object: "chat.completion.chunk", created: 9, model: "other", choices, ...more };
  const events: ModelEvent[] = [...readStart(chunk), ...chunkToEvents(chunk)];
  return { events, raw: JSON.stringify(chunk) };
}
const delta = (part: JsonObject, finish: string | null = null): ModelFrame =>
  frame([{ index: 0, delta: part, finish_reason: finish }]);
const regenerated = (delivered: string): Continuation =>
  new Continuation({ head, text: joinRegenerated(delivered), reasoning: undefined, prefillTokens: 0 });

/** The chunks that the caller gets. */
function told(
  frames: readonly ModelFrame[],
): { choices: { delta?: JsonObject; text?: string }[]; usage?: JsonObject }[] {
  return frames.map((each) => JSON.parse(each.raw ?? "{}"));
}

describe("Continuation", () => {
  it("counts as told nothing of a batch in which the tellings part", () => {
    const continuation = regenerated("ab");
    expect(continuation.take([delta({ content: "abcd" })])).toHaveLength(1);
    expect(continuation.take([delta({ content: "ef" }), delta({ refusal: "no" })])).toEqual([]);
    expect([continuation.diverged, continuation.text]).toEqual([true, "cd"]);
  });

  it("tells only what the caller lacks, under the first stream's head and the second model's name", () => {
    const continuation = regenerated("Hello wo");
    const out = continuation.take([
      delta({ role: "assistant", content: "" }),
      delta({ content: "Hello " }),
      delta({ content: "world" }),
      delta({ content: "!" }),
      delta({}, "stop"),
    ]);
    expect(told(out).map(({ choices }) => choices[0]?.delta)).toEqual([{ content: "rld" }, { content: "!" }, {}]);
    expect(told(out)[0]).toMatchObject({ id: "first", created: 1, model: "other" });
    expect(continuation.text).toBe("rld!");
  });

  it.each<[string, ModelFrame]>([
    ["another text", delta({ content: "Help" })],
    ["a refusal", delta({ refusal: "No." })],
    ["an end before all was met", delta({ content: "Hello" }, "stop")],
    [
      "a tool call before all was met",
      delta({ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "" } }] }),
    ],
  ])("diverges at %s, and tells nothing of it", (_name, different) => {
    const continuation = regenerated("Hello wo");
    expect(continuation.take([different])).toEqual([]);
    expect(continuation.diverged).toBe(true);
  });

  it("counts a prefill as the caller's output", () => {
    const continuation = new Continuation({
      head,
      text: joinContinued("Hello", 5),
      reasoning: undefined,
      prefillTokens: 2,
    });
    const [, counted] = continuation.take([
      delta({ content: " world" }),
      frame([], { usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } }),
    ]);
    expect(told(counted === undefined ? [] : [counted])[0]?.usage).toMatchObject({
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
    });
  });

  it("delivers what could have been a restart, once the telling is over", () => {
    const delivered = "The quick brown fox jumps over";
    const continuation = new Continuation({
      head,
      text: joinContinued(delivered, delivered.length),
      reasoning: undefined,
      prefillTokens: 1,
    });
    const out = continuation.take([delta({ content: "The" }), delta({}, "stop")]);
    expect(told(out).map(({ choices }) => choices[0]?.delta)).toEqual([{ content: "The" }]);
    expect(continuation.text).toBe("The");
  });

  it("drops thoughts that differ, and keeps the answer", () => {
    const continuation = new Continuation({
      head,
      text: joinRegenerated(""),
      reasoning: joinRegenerated("Let me"),
      prefillTokens: 0,
    });
    const out = continuation.take([delta({ reasoning_content: "Let us see" }), delta({ content: "42" })]);
    expect(told(out).map(({ choices }) => choices[0]?.delta)).toEqual([{ content: "42" }]);
  });

  it("joins plain completions as well", () => {
    const continuation = regenerated("ab");
    expect(
      told(continuation.take([frame([{ index: 0, text: "abc", finish_reason: null }])]))[0]?.choices[0]?.text,
    ).toBe("c");
  });
});
