import { describe, expect, it } from "vitest";
import { holdsRoleMarker } from "./role-marker.ts";

describe("holdsRoleMarker", () => {
  it.each([
    "system: x",
    "ok\n  Assistant :",
    "a\r\nUSER:",
    "\n\n\tdeveloper\n:",
    "a\u2028user:",
    "<|im_start|>",
    "x [INST] y",
    "<<SYS>>",
    "<start_of_turn>",
  ])("finds one in %j", (text) => {
    expect(holdsRoleMarker(text)).toBe(true);
  });

  it.each(["", "the system: fine", "username: x", "ecosystem:", "a < b | c > d", "users: many"])(
    "finds none in %j",
    (text) => {
      expect(holdsRoleMarker(text)).toBe(false);
    },
  );

  it("reads a megabyte of white space in one pass", () => {
    expect(holdsRoleMarker(`${"\n".repeat(500_000)}${" ".repeat(500_000)}x`)).toBe(false);
  });
});
