import { type Model, targetsOf } from "./route.ts";

/** Tokens that a model takes whichever of its targets answers; undefined when one of them does not say. */
export function contextTokensOf({
  context_tokens: own,
  route,
}: Pick<Model, "context_tokens" | "route">): number | undefined {
  let least: number | undefined;
  for (const target of targetsOf(route)) {
    const context = target.context_tokens ?? own;
    if (context === undefined) return undefined;
    least = Math.min(least ?? context, context);
  }
  return least;
}
