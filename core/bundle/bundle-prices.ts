import { type Bundle, type PriceRow, targetsOf } from "../contract/index.ts";
import { canonicalJson, sha256Hex } from "../content/index.ts";
import { coversTarget, type PricedTarget } from "../pricing/index.ts";
import type { BundleRows } from "./bundle-rows.ts";

/** What the targets of the models can cost, at any time, in an order that depends on the rows alone; and the name of exactly these prices. */
export function bundlePrices(
  rows: Pick<BundleRows, "models" | "providers" | "prices">,
): Pick<Bundle, "prices" | "price_version"> {
  const kinds = new Map(rows.providers.map(({ name, kind }) => [name, kind]));
  const targets = rows.models.flatMap(({ route }) =>
    targetsOf(route).flatMap(({ provider, model }): PricedTarget[] => {
      const kind = kinds.get(provider);
      return kind === undefined ? [] : [{ kind, provider, model }];
    }),
  );
  const prices = rows.prices
    .filter(({ price }) => targets.some((target) => coversTarget(price, target)))
    .toSorted(byText);
  return { prices, price_version: prices.length === 0 ? null : sha256Hex(canonicalJson(prices)) };
}

function byText(a: PriceRow, b: PriceRow): number {
  const [ours, theirs] = [canonicalJson(a), canonicalJson(b)];
  return ours < theirs ? -1 : ours > theirs ? 1 : 0;
}
