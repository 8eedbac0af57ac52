import type { JsonValue } from "@millrace/core/contract";
import { InvalidArgumentError } from "commander";

export function parseVersionNumber(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError("expected a version number such as 3");
  return Number(text);
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 200)
    throw new InvalidArgumentError("expected a number from 1 to 200");
  return count;
}

/** An amount of a limit; any size, as whether it makes sense is for the schema to say. */
export function parseAmount(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError("expected a whole number such as 600");
  return Number(text);
}

/** Micro-dollars; `2.50` is 2500000. Exact, because text has no binary fractions. */
export function parseDollars(text: string): number {
  const [, whole = "", fraction = ""] = /^\$?([0-9]{1,9})(?:\.([0-9]{1,6}))?$/.exec(text) ?? [];
  if (whole === "") throw new InvalidArgumentError("expected dollars such as 2.50, with at most six decimals");
  return Number(`${whole}${fraction.padEnd(6, "0")}`);
}

/** `name=text`, or `name:=json` for numbers, lists and objects. Collects repeated options. */
export function parseVariable(
  text: string,
  earlier: Readonly<Record<string, JsonValue>> = {},
): Record<string, JsonValue> {
  const match = /^([^=:]+)(:?=)([\s\S]*)$/.exec(text);
  const [, name, operator, value] = match ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("expected name=text or name:=json");
  if (operator === "=") return { ...earlier, [name]: value };
  try {
    return { ...earlier, [name]: JSON.parse(value) as JsonValue };
  } catch {
    throw new InvalidArgumentError(`what follows ${name}:= is not JSON`);
  }
}
