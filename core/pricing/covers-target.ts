import type { Price } from "../contract/index.ts";

/** A target, as its provider is declared and knows the model. */
export interface PricedTarget {
  readonly kind: string;
  /** The provider's name in the project. */
  readonly provider: string;
  readonly model: string;
}

/** Whether a price is one of this target's, at some time. */
export function coversTarget({ scope, model, match }: Price, target: PricedTarget): boolean {
  if ("provider" in scope ? scope.provider !== target.provider : scope.kind !== target.kind) return false;
  return match === "exact" ? target.model === model : target.model.startsWith(model);
}
