import type { JsonValue } from "@millrace/core/contract";
import type { RoutePlan } from "@millrace/core/routing";

/** What a trace says of a route: each decision with its reason, and who was left out and why. */
export function planAttributes(plan: RoutePlan): Record<string, JsonValue> {
  return {
    decisions: plan.decisions.map(({ path, kind, order, reason }) => ({ path, kind, order: [...order], reason })),
    excluded: plan.excluded.map(({ target, isAbsent, missing, context }) => ({
      provider: target.provider,
      model: target.model,
      absent: isAbsent,
      missing: [...missing],
      context: context === undefined ? null : { ...context },
    })),
  };
}
