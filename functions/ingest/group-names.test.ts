import { expect, test } from "vitest";
import { groupNames } from "./group-names.ts";

const named = (outbox: string, bytes: number) => ({
  source: `${outbox}/${bytes}`,
  name: { shelf_name: 1 as const, trace_id: `trc_${bytes}`, outbox, bytes },
});

test("names of one outbox come together while their messages fit in memory", () => {
  const groups = groupNames([named("a", 3_000_000), named("b", 1), named("a", 4_000_000), named("a", 1_900_000)]);
  expect(groups.map((group) => group.map(({ source }) => source))).toEqual([
    ["a/3000000", "a/4000000"],
    ["a/1900000"],
    ["b/1"],
  ]);
});

test("a message larger than any group is a group of its own", () => {
  expect(groupNames([named("a", 1), named("a", 9_000_000), named("a", 2)]).map((group) => group.length)).toEqual([
    1, 1, 1,
  ]);
});
