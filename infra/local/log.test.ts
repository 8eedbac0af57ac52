import { expect, test } from "vitest";
import { createLog, isColoured, modelFailure, readable } from "./log.ts";

test("a Worker's line of JSON is shown as words, with its own level", () => {
  const line = JSON.stringify({ at: "x", level: "warn", event: "outbox-spilled", outbox: "outbox-1", count: 2 });
  expect(readable(line, "info")).toEqual({ level: "warn", text: "outbox-spilled outbox=outbox-1 count=2" });
  expect(readable("plain words", "error")).toEqual({ level: "error", text: "plain words" });
  expect(readable("7", "info")).toEqual({ level: "info", text: "7" });
});

test("each line carries the part that said it; without a terminal there is no colour", () => {
  const written: string[] = [];
  const log = createLog({
    write: (text) => written.push(text),
    now: () => new Date(2026, 0, 1, 9, 5, 1),
    coloured: false,
  });
  log("runner")("error", "one\ntwo");
  expect(written).toEqual(["09:05:01 runner    error one\n", "09:05:01 runner    error two\n"]);
  expect([isColoured({ isTTY: true }, {}), isColoured({ isTTY: true }, { NO_COLOR: "1" }), isColoured({}, {})]).toEqual(
    [true, false, false],
  );
});

test("a model that can never load is told apart from every other line", () => {
  expect(modelFailure('{"event":"model-failed","reason":"no GGUF"}')).toBe("no GGUF");
  expect([modelFailure('{"event":"model-ready"}'), modelFailure("model-failed"), modelFailure("null")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
