export { costOf } from "./cost-of.ts";
export type { Consumption, CostOptions } from "./cost-of.ts";
export { coversTarget } from "./covers-target.ts";
export type { PricedTarget } from "./covers-target.ts";
export { findPrice } from "./find-price.ts";
export type { PriceTable, PriceTarget } from "./find-price.ts";
export { maxCost } from "./max-cost.ts";
export type { ConsumptionBound } from "./max-cost.ts";
