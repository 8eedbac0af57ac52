import type { Price, PriceRow } from "../contract/index.ts";
import { coversTarget, type PricedTarget } from "./covers-target.ts";

/** Prices in any order. */
export type PriceTable = readonly PriceRow[];

/** What a price is asked for: a target and a moment. */
export interface PriceTarget extends PricedTarget {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/**
 * The price in force, or undefined: unknown, which is not free. Of the rows that fit, the project's own win over imported ones, then those of the
 * provider over those of its kind, then the exact name, then the longest prefix, then the one that came into force last.
 */
export function findPrice(table: PriceTable, target: PriceTarget): Price | undefined {
  let best: PriceRow | undefined;
  for (const row of table) {
    if (fits(row.price, target) && (best === undefined || precedes(row, best))) best = row;
  }
  return best?.price;
}

function fits(price: Price, target: PriceTarget): boolean {
  const { valid_from, valid_until } = price;
  if (!coversTarget(price, target)) return false;
  if (valid_from !== undefined && target.atMs < Date.parse(valid_from)) return false;
  return valid_until === undefined || target.atMs < Date.parse(valid_until);
}

function precedes(row: PriceRow, other: PriceRow): boolean {
  const [ours, theirs] = [rank(row), rank(other)];
  const at = ours.findIndex((value, index) => value !== theirs[index]);
  return at !== -1 && (ours[at] ?? 0) > (theirs[at] ?? 0);
}

/** Higher wins, from left to right. */
function rank({ price, origin }: PriceRow): readonly number[] {
  return [
    origin === "override" ? 1 : 0,
    "provider" in price.scope ? 1 : 0,
    price.match === "exact" ? 1 : 0,
    price.model.length,
    price.valid_from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(price.valid_from),
  ];
}
