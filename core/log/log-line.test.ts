import { describe, expect, it } from "vitest";
import { MillraceError } from "../contract/millrace-error.ts";
import { errorFields, type LogFields, logLine } from "./log-line.ts";

const at = new Date(Date.UTC(2026, 10, 22, 12));
const line = (fields: object) =>
  JSON.parse(logLine(at, "info", { name: "ingest-batch", fields: fields as LogFields })) as Record<string, unknown>;

describe("logLine", () => {
  it("writes one line of JSON with the time, the level, the event and the allowed fields", () => {
    expect(line({ trace_id: "trc_1", count: 3 })).toEqual({
      at: "2026-11-22T12:00:00.000Z",
      level: "info",
      event: "ingest-batch",
      trace_id: "trc_1",
      count: 3,
    });
  });

  it("drops every field that is not on the list, even when a caller forces it in", () => {
    expect(line({ body: "secret words", authorization: "Bearer x", count: 1 })).not.toHaveProperty("body");
    expect(line({ authorization: "Bearer x" })).not.toHaveProperty("authorization");
  });

  it.each([
    ["a key", "mlr_0123abcd_AAAA"],
    ["a vendor's key", "sk-proj-abc"],
    ["a connection string", "postgres://user:pass@host/db"],
    ["a sentence", "Dear support, my card number is"],
    ["a line break", "a\nb"],
    ["a very long text", "a".repeat(1000)],
  ])("shows %s in an allowed field as redacted", (_name, value) => {
    expect(line({ reason: value })["reason"]).toBe("[redacted]");
  });

  it("leaves out numbers that are not numbers instead of writing null", () => {
    expect(line({ count: Number.NaN })).not.toHaveProperty("count");
  });
});

describe("errorFields", () => {
  it("names the class and the code, never the words", () => {
    expect(errorFields(new MillraceError("state-unavailable", { message: "the password is hunter2" }))).toEqual({
      error_name: "MillraceError",
      error_code: "state-unavailable",
    });
  });

  it("finds an SQLSTATE in the cause", () => {
    const cause = Object.assign(new Error("invalid input"), { code: "22P05" });
    expect(errorFields(new Error("Failed query: insert …", { cause }))).toEqual({
      error_name: "Error",
      error_code: "22P05",
    });
  });

  it("tells what was thrown when it was no error", () => {
    expect(errorFields("boom")).toEqual({ error_name: "string" });
  });
});
