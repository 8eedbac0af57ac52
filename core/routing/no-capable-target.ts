import { MillraceError } from "../contract/index.ts";
import type { ExcludedTarget, RouteDecision } from "./route-plan.ts";

/** Targets that a message lists; the trace has all. */
const MAX_LISTED = 8;

function lackOf({ target, isAbsent, missing, context }: ExcludedTarget): string {
  if (isAbsent) return `${target.provider}/${target.model} names a provider that is not there`;
  const lacks = [
    ...missing,
    ...(context === undefined ? [] : [`context (about ${context.needed} tokens of ${context.available})`]),
  ];
  return `${target.provider}/${target.model} lacks ${lacks.join(", ")}`;
}

/** The refusal of a request that none of a model's targets can answer; says what was missing, and where. */
export function noCapableTarget(
  model: string,
  plan: { readonly excluded: readonly ExcludedTarget[]; readonly decisions: readonly RouteDecision[] },
): MillraceError {
  const { excluded, decisions } = plan;
  if (excluded.length === 0) {
    const empty = decisions.find(({ order, kind }) => kind === "conditional" && order.length === 0);
    return new MillraceError("no-capable-target", {
      param: "model",
      message: `The model ${model} has no target for this request: at ${empty?.path ?? "route"}, ${empty?.reason ?? "nothing is left"}.`,
    });
  }
  const listed = excluded.slice(0, MAX_LISTED).map(lackOf);
  const more = excluded.length > MAX_LISTED ? [`${excluded.length - MAX_LISTED} more`] : [];
  return new MillraceError("no-capable-target", {
    param: "model",
    message: `No target of ${model} can answer this request: ${[...listed, ...more].join("; ")}.`,
  });
}
