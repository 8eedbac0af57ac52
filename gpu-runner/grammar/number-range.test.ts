import { describe, expect, it } from "vitest";
import { integerRange, numberRange } from "./number-range.ts";

/** These bodies use literals, classes, groups and repetition only, all of which are regular expressions but for quotes and spaces. */
const asRegExp = (body: string | undefined) =>
  new RegExp(
    `^(?:${(body ?? "(?!)")
      .replaceAll('"."', String.raw`\.`)
      .replaceAll('"', "")
      .replaceAll(" ", "")})$`,
  );

describe("integer ranges", () => {
  const cases: [number | undefined, number | undefined][] = [
    [0, 9],
    [1, 250],
    [-3, 120],
    [-45, -7],
    [99, 101],
    [0, undefined],
    [undefined, 17],
    [5, 5],
    [-1, 0],
  ];
  it.each(cases)("%s to %s admits exactly its integers", (low, high) => {
    const range = asRegExp(integerRange(low, high));
    for (let value = -300; value <= 1300; value++) {
      expect([value, range.test(String(value))]).toEqual([
        value,
        value >= (low ?? -Infinity) && value <= (high ?? Infinity),
      ]);
    }
    expect(range.test("007")).toBe(false);
  });

  it("an empty range is told as such", () => {
    expect(integerRange(5, 4)).toBeUndefined();
    expect(numberRange(0.2, 0.8)).toBeUndefined();
  });
});

describe("number ranges", () => {
  it("never leave their bounds", () => {
    const unit = asRegExp(numberRange(0, 1));
    for (const text of ["0", "1", "0.5", "0.999"]) expect(unit.test(text)).toBe(true);
    for (const text of ["1.1", "-0.1", "2", "01", ".5", "1."]) expect(unit.test(text)).toBe(false);
    const around = asRegExp(numberRange(-2, 2));
    for (const text of ["-2", "-1.75", "0", "1.9", "2"]) expect(around.test(text)).toBe(true);
    for (const text of ["-2.5", "2.5", "3", "-3"]) expect(around.test(text)).toBe(false);
  });
});
