import { describe, expect, it } from "vitest";
import { decideSync } from "./decide-sync.ts";

const X = undefined;

describe("the three-way comparison", () => {
  it.each([
    // base, local, remote, standing
    [X, X, X, "gone"],
    [X, "a", X, "local-new"],
    [X, X, "a", "remote-new"],
    [X, "a", "a", "in-sync"],
    [X, "a", "b", "conflict"],
    ["a", X, X, "gone"],
    ["a", "a", "a", "in-sync"],
    ["a", "b", "a", "local-changed"],
    ["a", "a", "b", "remote-changed"],
    ["a", "b", "b", "in-sync"],
    ["a", "b", "c", "conflict"],
    ["a", X, "a", "local-deleted"],
    ["a", X, "b", "conflict"],
    ["a", "a", X, "remote-deleted"],
    ["a", "b", X, "conflict"],
  ] as const)("base %s, file %s, server %s is %s", (...[base, local, remote, standing]) => {
    expect(decideSync({ base, local, remote })).toBe(standing);
  });
});
