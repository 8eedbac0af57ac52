import type { ModelEvent } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { call, finish, text } from "../../../../test/support/model-events.ts";
import { type MessageEvent, MessageWriter } from "./message-writer.ts";
import { ToolNames } from "./tool-names.ts";
import { foldMessage } from "./whole.ts";

const newWriter = (showThinking = true): MessageWriter =>
  new MessageWriter({ id: "msg_1", model: "small", names: new ToolNames(), showThinking, inputTokens: 9 });
const thought = (words: string): ModelEvent => ({ type: "reasoning", choice: 0, text: words });
/** Each event in a batch of its own, as a slow provider sends them. */
const tell = (writer: MessageWriter, events: readonly ModelEvent[]): MessageEvent[] =>
  events.flatMap((event) => writer.take([event]));
const places = (events: readonly MessageEvent[]): unknown[] =>
  events.flatMap(({ type, index }) =>
    index === undefined ? [] : [`${type.replace("content_block_", "")} ${JSON.stringify(index)}`],
  );

describe("MessageWriter", () => {
  it("ends each block before it begins the next, also when calls come in turns", () => {
    const told = tell(newWriter(), [
      text("Well"),
      call(0, "", "a"),
      call(0, '{"x":'),
      call(1, "", "b"),
      call(1, '{"y":2}'),
      call(0, "1}"),
      finish("tool_calls"),
    ]);
    expect(places(told)).toEqual([
      "start 0",
      "delta 0",
      "stop 0",
      "start 1",
      "delta 1",
      "delta 1",
      "stop 1",
      "start 2",
      "delta 2",
      "stop 2",
    ]);
    expect(foldMessage(told)?.content).toEqual([
      { type: "text", text: "Well" },
      { type: "tool_use", id: "call_0", name: "a", input: { x: 1 } },
      { type: "tool_use", id: "call_1", name: "b", input: { y: 2 } },
    ]);
  });

  it("waits for the name of a call, and takes none for a call without arguments", () => {
    const told = tell(newWriter(), [
      call(0, '{"x"'),
      call(0, ":1}", "late"),
      call(1, "", "bare"),
      finish("tool_calls"),
    ]);
    expect(foldMessage(told)?.content).toMatchObject([
      { name: "late", input: { x: 1 } },
      { name: "bare", input: {} },
    ]);
  });

  it("refuses to finish a call whose arguments are not JSON, unless the limit cut it", () => {
    const broken = [call(0, '{"x"', "a")];
    expect(() => tell(newWriter(), [...broken, finish("tool_calls")])).toThrow("not JSON");
    const cut = newWriter();
    expect(foldMessage(tell(cut, [...broken, finish("length")]))?.content).toMatchObject([{ input: {} }]);
    expect(cut.stopReason).toBe("max_tokens");
  });

  it("refuses a provider that goes on with a call that was whole", () => {
    const told = [call(0, "{}", "a"), call(1, "{}", "b"), call(0, "x")];
    expect(() => tell(newWriter(), told)).toThrow("that it had ended");
  });

  it("shows thoughts before words, to those who may see them", () => {
    const events = [thought("Hm"), text("Hello"), finish("stop")];
    expect(foldMessage(tell(newWriter(), events))?.content.map((block) => block.type)).toEqual(["thinking", "text"]);
    expect(foldMessage(tell(newWriter(false), events))?.content.map((block) => block.type)).toEqual(["text"]);
  });

  it("goes on inside the block that another had begun", () => {
    const writer = newWriter();
    writer.resume(2, "text");
    expect(places(tell(writer, [text("lo"), finish("stop")]))).toEqual(["delta 1", "stop 1"]);
  });

  it("goes on with a block of its own behind one of another kind", () => {
    const writer = newWriter();
    writer.resume(1, "thinking");
    expect(places(tell(writer, [text("Hello"), finish("stop")]))).toEqual(["stop 0", "start 1", "delta 1", "stop 1"]);
  });
});

describe("ToolNames", () => {
  it("keeps two long names apart, and gives both back", () => {
    const names = new ToolNames();
    const long = ["a", "b"].map((end) => `mcp__${"x".repeat(80)}${end}`);
    const short = long.map((name) => names.inward(name));
    expect(new Set(short).size).toBe(2);
    expect(short.every((name) => /^[\w-]{1,64}$/.test(name))).toBe(true);
    expect(short.map((name) => names.outward(name))).toEqual(long);
    expect(names.inward("plain_name-1")).toBe("plain_name-1");
  });
});
