import { describe, expect, it } from "vitest";
import { findPatternFault } from "./find-pattern-fault.ts";

describe("findPatternFault", () => {
  it.each([
    "^(a+)+$",
    "(x+x+)+y",
    "(a|a)*",
    "(a|aa)+$",
    "([a-zA-Z]+)*$",
    "(?:.*)*",
    "(?<w>\\w+\\s?)*$",
    "((ab)*)*",
    "(a?){40}a{40}",
    "(\\w|\\d){2,}",
  ])("refuses %s, which can take exponential time", (pattern) => {
    expect(findPatternFault(pattern)).toContain("several ways");
  });

  it.each([
    "^[a-z0-9]+(?:-[a-z0-9]+)*$",
    "^\\d{4}-\\d{2}-\\d{2}$",
    "^(red|green|blue)$",
    "^(?:[A-Z]{3}-)*[A-Z]{3}$",
    "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$",
    "^([a-z]+\\.)*[a-z]+$",
    "^(?:[01]\\d|2[0-3]):[0-5]\\d$",
    "^#(?:[0-9a-f]{3}){1,2}$",
    "^(ab|cd)*$",
    "\\u{1F600}+[\\]a]*",
    "^\\p{L}+( \\p{L}+)*$",
  ])("allows %s", (pattern) => {
    expect(findPatternFault(pattern)).toBeUndefined();
  });

  it("names what is not a regular expression", () => {
    expect(findPatternFault("(")).toContain("not a regular expression");
  });
});
