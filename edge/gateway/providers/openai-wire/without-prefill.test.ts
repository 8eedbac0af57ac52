import type { ModelFrame } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import type { FrameSource, ModelAnswer } from "../../exchange/answer.ts";
import { chunkToEvents } from "./chunk-to-events.ts";
import { withoutPrefill } from "./without-prefill.ts";

const frameOf = (delta: object, finish: string | null = null): ModelFrame => {
  const chunk = { id: "1", choices: [{ index: 0, delta, finish_reason: finish }] };
  return { events: chunkToEvents(chunk), raw: JSON.stringify(chunk) };
};
const texts = (pieces: readonly string[]): ModelFrame[] => [
  ...pieces.map((content) => frameOf({ content })),
  frameOf({ content: "" }, "stop"),
];

async function read(frames: readonly ModelFrame[], prefill: string): Promise<{ events: string; raw: string }> {
  const left = frames.slice(1);
  const rest: FrameSource = { next: async () => (left.length === 0 ? undefined : [left.shift() as ModelFrame]) };
  const answer = withoutPrefill({ kind: "stream", first: frames.slice(0, 1), rest }, prefill);
  if (answer.kind !== "stream") throw new Error("not a stream");
  const all = [...answer.first];
  for (let batch = await answer.rest.next(); batch !== undefined; batch = await answer.rest.next()) all.push(...batch);
  const said = all.flatMap((frame) => frame.events).map((event) => (event.type === "text" ? event.text : ""));
  const written = all.map((frame) => {
    const chunk = JSON.parse(frame.raw ?? "{}") as { choices: { delta: { content?: string } }[] };
    return chunk.choices[0]?.delta.content ?? "";
  });
  expect(all.at(-1)?.events.at(-1)).toMatchObject({ type: "finish" });
  return { events: said.join(""), raw: written.join("") };
}

describe("withoutPrefill", () => {
  it.each([
    ["in one piece", ["Once upon a time"], " a time"],
    ["in pieces that cut it anywhere", ["On", "ce u", "pon a", " time"], " a time"],
    ["alone", ["Once upon"], ""],
    ["not at all", [" a time"], " a time"],
    ["at first and then otherwise", ["Once ", "more"], "Once more"],
    ["halfway, and ends there", ["Once u"], "Once u"],
  ])("takes a repeated turn off that comes %s", async (_name, pieces, expected) => {
    expect(await read(texts(pieces), "Once upon")).toEqual({ events: expected, raw: expected });
  });

  it("takes it off a whole answer, whose text and body agree", () => {
    const body = {
      choices: [{ index: 0, message: { role: "assistant", content: "Once upon a time" }, finish_reason: "stop" }],
    };
    const whole: ModelAnswer = { kind: "whole", text: JSON.stringify(body), body };
    const answer = withoutPrefill(whole, "Once upon");
    if (answer.kind !== "whole") throw new Error("not whole");
    expect(answer.body).toMatchObject({ choices: [{ message: { content: " a time" } }] });
    expect(JSON.parse(answer.text)).toEqual(answer.body);
    expect(withoutPrefill(whole, "Never")).toBe(whole);
  });
});
