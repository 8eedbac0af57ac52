import { describe, expect, it } from "vitest";
import { secretVariable } from "./secret-variable.ts";

describe("secretVariable", () => {
  it("names the secret of a project", () => {
    expect(secretVariable("northwind", "OPENAI_API_KEY")).toBe("SECRET_NORTHWIND_OPENAI_API_KEY");
    expect(secretVariable("north-wind", "KEY")).toBe("SECRET_NORTH__WIND_KEY");
  });

  it("never lets one project name the secret of another whose slug begins alike", () => {
    expect(secretVariable("north", "WIND_KEY")).not.toBe(secretVariable("north-wind", "KEY"));
    expect(secretVariable("a", "B_C_KEY")).not.toBe(secretVariable("a-b-c", "KEY"));
    expect(secretVariable("a--b", "C")).not.toBe(secretVariable("a-b", "C"));
  });
});
