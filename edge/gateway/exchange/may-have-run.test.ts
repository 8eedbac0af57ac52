import { MillraceError } from "@millrace/core/contract";
import { describe, expect, it } from "vitest";
import { mayHaveRun } from "./may-have-run.ts";

const refused = (message: string) => new MillraceError("upstream-refused", { cause: new Error(message) });

describe("mayHaveRun", () => {
  it.each([
    ["a limit that expired", new MillraceError("upstream-timeout"), undefined],
    ["an answer that was cut", new MillraceError("upstream-truncated"), 200],
    ["a connection that was lost", refused("Network connection lost."), undefined],
    ["a proxy that heard nothing", new MillraceError("upstream-garbage"), 504],
    ["Cloudflare, when it heard nothing", new MillraceError("upstream-garbage"), 524],
  ])("is true of %s", (_, error, status) => {
    expect(mayHaveRun(error, status)).toBe(true);
  });

  it.each([
    ["a name that is not known, or a failed handshake", refused("internal error; reference = x"), undefined],
    ["Cloudflare, when the server refused the connection", new MillraceError("upstream-garbage"), 521],
    ["a server that is full", new MillraceError("upstream-overloaded"), 429],
    ["a server that failed", new MillraceError("upstream-refused"), 500],
    ["something that is no answer", new MillraceError("upstream-garbage"), 200],
  ])("is false of %s", (_, error, status) => {
    expect(mayHaveRun(error, status)).toBe(false);
  });
});
